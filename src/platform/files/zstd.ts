import { type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import { FileFault } from './file-fault.js';

/** Node has it from 22.15 on. */
const { createZstdDecompress } = zlib as {
  createZstdDecompress?: (options: { chunkSize: number }) => Transform & { readonly bytesWritten: number };
};

const BLOCK_SIZE = 256 * 1024;
const MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
export const ZSTD_MAGIC_BYTES = MAGIC.length;

/** Whether bytes begin as RFC 8878 says that a frame of zstd does. */
export function isZstd(head: Buffer): boolean {
  return head.subarray(0, MAGIC.length).equals(MAGIC);
}

/**
 * Decompresses zstd (RFC 8878): one frame or more.
 *
 * @param blocks read to the end, but not closed: if this throws or is left early, the caller must close what they come from
 * @throws FileFault if this version of Node cannot; errors of `blocks` and of zlib
 */
export async function* unzstd(blocks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  const input = new Rest(blocks);
  while (await input.hasMore()) yield* frame(input);
}

/** Node's decompressor ends with the first frame, wherever that is in what it was given. */
async function* frame(input: Rest): AsyncGenerator<Buffer> {
  if (!createZstdDecompress)
    throw new FileFault(
      `zstd is read by Node 22.15 and newer, and this is ${process.version}; decompress the file first: zstd -d`,
    );
  const decompressor = createZstdDecompress({ chunkSize: BLOCK_SIZE });
  const decompressing = pipeline(() => input.blocks(() => decompressor.bytesWritten), decompressor);
  // The loop throws errors of the decompressor. That it ends before its input is no error.
  decompressing.catch(() => undefined);
  yield* decompressor as AsyncIterable<Buffer>;
  await input.dropTo(decompressor.bytesWritten);
}

/** What is left of blocks. */
class Rest {
  private readonly waiting: Buffer[] = [];
  private fetching: Promise<boolean> = Promise.resolve(true);
  /** Bytes of the frame that are not waiting any more. */
  private dropped = 0;

  constructor(private readonly source: AsyncIterator<Buffer>) {}

  async hasMore(): Promise<boolean> {
    while (this.waiting.length === 0) if (!(await this.fetch())) return false;
    return true;
  }

  /** All that is left. Keeps what its reader has not consumed. */
  async *blocks(consumed: () => number): AsyncGenerator<Buffer> {
    const { waiting } = this;
    for (let given = 0; given < waiting.length || (await this.fetch()); given++) {
      yield waiting[given]!;
      for (; given > 0 && this.dropped + waiting[0]!.length <= consumed(); given--)
        this.dropped += waiting.shift()!.length;
    }
  }

  /** Drops the first bytes of the frame, and begins another one. */
  async dropTo(bytes: number): Promise<void> {
    // It may still wait for a block.
    await this.fetching;
    let left = bytes - this.dropped;
    this.dropped = 0;
    while (left > 0) {
      const first = this.waiting.shift()!;
      if (first.length > left) this.waiting.unshift(first.subarray(left));
      left -= first.length;
    }
  }

  private fetch(): Promise<boolean> {
    this.fetching = this.source.next().then((next) => {
      if (next.done !== true) this.waiting.push(next.value);
      return next.done !== true;
    });
    return this.fetching;
  }
}
