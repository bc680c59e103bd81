import fc from 'fast-check';
import { canCompress, compressBlock } from './compression.js';
import { FileFault } from './file-fault.js';
import { isZstd, unzstd } from './zstd.js';

async function* inBlocks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function decompress(bytes: Buffer, size: number): Promise<Buffer> {
  const found: Buffer[] = [];
  for await (const block of unzstd(inBlocks(bytes, size))) found.push(block);
  return Buffer.concat(found);
}

/** The frame of the one character `a`, by the command `zstd`. */
const FRAME = Buffer.from('28b52ffd2401090000615b6e8ca9', 'hex');

it('knows a frame by its beginning', () => {
  expect(isZstd(FRAME)).toBe(true);
  expect(isZstd(FRAME.subarray(0, 3))).toBe(false);
});

if (canCompress('zstd')) {
  it('decompresses one frame after the other, in whatever blocks they come', async () => {
    const contents = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(contents, fc.integer({ min: 1, max: 400 }), async (all, size) => {
        const frames = all.map((content) => compressBlock(Buffer.from(content), 'zstd'));
        expect(await decompress(Buffer.concat(frames), size)).toEqual(Buffer.concat(all));
      }),
      { numRuns: 50 },
    );
  });
} else {
  it('says which version of Node decompresses', async () => {
    await expect(decompress(FRAME, 5)).rejects.toThrow(FileFault);
    await expect(decompress(FRAME, 5)).rejects.toThrow(/Node 22\.15 .* zstd -d$/);
  });
}
