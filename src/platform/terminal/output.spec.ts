import { execFileSync } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { Failure } from './failure.js';
import { writeOutput } from './output.js';
import { itWithMounts, mountFile, mountSmall, unmountAll } from '../../../test/setup/mounts.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-output-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const never = new AbortController().signal;

async function* blocks(count: number, end?: () => void): AsyncGenerator<Buffer> {
  for (let i = 0; i < count; i++) yield await Promise.resolve(Buffer.alloc(100_000, 'x'));
  end?.();
}

describe('writeOutput', () => {
  it.each(['corpus.jsonl', 'corpus.jsonl.gz'])(
    'throws the error of its source and leaves no %s',
    async (name) => {
      const failure = new Error('the source failed');
      const failing = blocks(30, () => {
        throw failure;
      });
      await expect(writeOutput(path.join(folder, name), failing, never)).rejects.toBe(failure);
      expect(await readdir(folder)).toEqual([]);
    },
  );

  it.each(['corpus.jsonl', 'corpus.jsonl.gz'])('leaves no %s when it is aborted', async (name) => {
    const controller = new AbortController();
    const endless = blocks(1e9);
    let count = 0;
    const counted = (async function* () {
      for await (const block of endless) {
        if (++count === 20) controller.abort();
        yield block;
      }
    })();
    await expect(writeOutput(path.join(folder, name), counted, controller.signal)).rejects.toThrow();
    expect(await readdir(folder)).toEqual([]);
    // The source has been closed.
    expect(await endless.next()).toEqual({ done: true, value: undefined });
  });

  it.each(['corpus.jsonl', 'corpus.jsonl.gz', 'pipe'])(
    'writes blocks to %s that are overwritten once the next one is asked for',
    async (name) => {
      const place = path.join(folder, name);
      if (name === 'pipe') execFileSync('mkfifo', [place]);
      const memory = Buffer.alloc(1 << 18);
      const expected = createHash('sha256');
      const reused = (async function* () {
        for (let i = 0; i < 19; i++) {
          const block = memory.subarray(0, 1 << i);
          randomFillSync(block);
          expected.update(block);
          yield await Promise.resolve(block);
          memory.fill('#');
        }
      })();
      const reading = name === 'pipe' ? readFile(place) : undefined;
      await writeOutput(place, reused, never, { reused: true });
      const written = await (reading ?? readFile(place));
      const content = name.endsWith('.gz') ? gunzipSync(written) : written;
      expect(createHash('sha256').update(content).digest('hex')).toBe(expected.digest('hex'));
    },
  );

  it('lets signals and timers in while its source waits for nothing', async () => {
    const controller = new AbortController();
    let count = 0;
    const endless = (async function* () {
      setTimeout(() => {
        controller.abort();
      });
      const block = Buffer.alloc(1000, 'x');
      for (; count < 200_000; count++) yield await Promise.resolve(block);
    })();
    await expect(
      writeOutput(path.join(folder, 'corpus.jsonl'), endless, controller.signal),
    ).rejects.toThrow();
    expect(count).toBeLessThan(50_000);
  });

  itWithMounts('says that the disk is full, where it takes a part of the last block', async () => {
    const disk = path.join(folder, 'disk');
    await mountSmall(disk, '1m');
    try {
      const place = path.join(disk, 'corpus.jsonl');
      const one = Readable.from([Buffer.alloc(3_000_000, 'x')]);
      await expect(writeOutput(place, one, never)).rejects.toThrow(
        new Failure(`${place} cannot be written: no space is left on the device`),
      );
      expect(await readdir(disk)).toEqual([]);
    } finally {
      unmountAll();
    }
  });

  it('can be aborted while it waits for the reader of a pipe', async () => {
    const pipe = path.join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const controller = new AbortController();
    const writing = writeOutput(pipe, blocks(1), controller.signal);
    setImmediate(() => {
      controller.abort();
    });
    await expect(writing).rejects.toThrow();
    // Frees the thread that is still waiting to open the pipe.
    const reader = await open(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    await reader.close();
  });

  it('names the file that it cannot write', async () => {
    await expect(writeOutput(path.join(folder, 'a/b'), blocks(1), never)).rejects.toThrow(
      new Failure(`${folder}/a/b cannot be written: its folder does not exist`),
    );
  });

  itWithMounts('says that a file which is mounted cannot be replaced, before anything is read', async () => {
    const [outside, place] = [path.join(folder, 'outside'), path.join(folder, 'corpus of today.jsonl')];
    await writeFile(outside, 'old');
    await writeFile(place, '');
    mountFile(outside, place);
    try {
      let hasBegun = false;
      const unread = (async function* () {
        hasBegun = true;
        yield await Promise.resolve(Buffer.from('new'));
      })();
      await expect(writeOutput(place, unread, never)).rejects.toThrow(
        new Failure(
          `${place} cannot be replaced: it is a mount of its own; mount its folder instead, or write to standard output and redirect that`,
        ),
      );
      expect(hasBegun).toBe(false);
      expect((await readdir(folder)).sort()).toEqual(['corpus of today.jsonl', 'outside']);
    } finally {
      unmountAll();
    }
  });
});
