import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import { mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Failure } from './failure.js';
import { writeOutput } from './output.js';
import { itWithMounts, mountFile, unmountAll } from '../../../test/setup/mounts.js';

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
