import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { canCompress, compressBlock } from '../files/compression.js';
import { openInput } from './input.js';

const MB = 1024 * 1024;

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-input-'));
  file = path.join(folder, 'corpus.jsonl');
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const never = new AbortController().signal;

/** No megabyte of it is like another one. */
function content(size: number): Buffer {
  const bytes = Buffer.alloc(size, 'x');
  for (let at = 0; at + 4 <= size; at += 1000) bytes.writeUInt32BE(at, at);
  return bytes;
}

async function read(blocks: AsyncIterable<Buffer>): Promise<Buffer> {
  const read: Buffer[] = [];
  for await (const block of blocks) read.push(Buffer.from(block));
  return Buffer.concat(read);
}

/** Of this process, where the system tells. */
function openFiles(): string[] {
  if (!existsSync('/proc/self/fd')) return [];
  return readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
}

describe('an input that reuses its memory', () => {
  it.each([0, 1, 3, MB - 1, MB, MB + 1, 5 * MB, 5 * MB + 7])('gives all of %i bytes', async (size) => {
    await writeFile(file, content(size));
    const input = await openInput(file, never, { reuse: true });
    expect(input.size).toBe(size);
    expect((await read(input.blocks)).equals(content(size))).toBe(true);
  });

  it('keeps a block until the next one is asked for, and no longer', async () => {
    await writeFile(file, content(8 * MB));
    const { blocks } = await openInput(file, never, { reuse: true });
    const memory = new Set<ArrayBufferLike>();
    let at = 0;
    for await (const block of blocks) {
      // Gives the reading ahead as many turns as it takes.
      for (let turn = 0; turn < 20; turn++) await writeFile(path.join(folder, 'other'), 'x');
      expect(block.equals(content(8 * MB).subarray(at, at + block.length))).toBe(true);
      at += block.length;
      memory.add(block.buffer);
    }
    expect(at).toBe(8 * MB);
    // The first block is a copy.
    expect(memory.size).toBe(3);
  });

  // Neither can be compressed, so that there are many blocks of each.
  const RANDOM = [randomBytes(5 * MB), randomBytes(3 * MB)];

  it('decompresses', async () => {
    await writeFile(file, Buffer.concat(RANDOM.map((bytes) => gzipSync(bytes))));
    const { blocks, size } = await openInput(file, never, { reuse: true });
    expect(size).toBeUndefined();
    expect((await read(blocks)).equals(Buffer.concat(RANDOM))).toBe(true);
  });

  (canCompress('zstd') ? it : it.skip)('decompresses zstd', async () => {
    await writeFile(file, Buffer.concat(RANDOM.map((bytes) => compressBlock(bytes, 'zstd'))));
    const { blocks } = await openInput(file, never, { reuse: true });
    expect((await read(blocks)).equals(Buffer.concat(RANDOM))).toBe(true);
  });

  it.each(['at its end', 'when it is left', 'when it is aborted', 'when its name is not what it is'])(
    'is closed %s',
    async (when) => {
      const name = when.startsWith('when its name') ? `${file}.gz` : file;
      await writeFile(name, content(5 * MB));
      const controller = new AbortController();
      const reading = async () => {
        const { blocks } = await openInput(name, controller.signal, { reuse: true });
        for await (const _ of blocks) {
          if (when === 'when it is left') return;
          if (when === 'when it is aborted') controller.abort();
        }
      };
      await reading().catch(() => undefined);
      // A file is closed once what is read of it has come.
      for (let turn = 0; turn < 20; turn++) await stat(folder);
      expect(openFiles()).not.toContain(name);
    },
  );

  it('ends with its signal', async () => {
    await writeFile(file, content(5 * MB));
    const controller = new AbortController();
    const { blocks } = await openInput(file, controller.signal, { reuse: true });
    await expect(async () => {
      for await (const _ of blocks) controller.abort();
    }).rejects.toThrow();
  });
});
