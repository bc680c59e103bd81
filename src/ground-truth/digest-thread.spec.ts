import { createHash } from 'node:crypto';
import { DigestThread } from './digest-thread.js';

const sha256 = (blocks: readonly Buffer[]): string =>
  createHash('sha256').update(Buffer.concat(blocks)).digest('hex');

/** Blocks of random sizes, none of them and some of them larger than what is shared with the thread. */
function blocksOf(total: number): Buffer[] {
  const blocks: Buffer[] = [];
  for (let bytes = 0; bytes < total; bytes += blocks.at(-1)!.length)
    blocks.push(Buffer.alloc(1 + Math.floor(Math.random() * 700_000), blocks.length));
  return blocks;
}

describe('DigestThread', () => {
  const thread = new DigestThread();

  it.each([0, 1, 4 * 1024 * 1024, 20_000_000])('digests %i bytes and more', async (total) => {
    const blocks = blocksOf(total);
    const digest = thread.open();
    for (const block of blocks) await digest.update(block);
    expect(await digest.end()).toBe(sha256(blocks));
  });

  it('digests many at once', async () => {
    const found = await Promise.all(
      Array.from({ length: 12 }, async (_, n) => {
        const blocks = blocksOf(n * 1_500_000);
        const digest = thread.open();
        for (const block of blocks) await digest.update(block);
        return [await digest.end(), sha256(blocks)];
      }),
    );
    for (const [actual, expected] of found) expect(actual).toBe(expected);
  });
});
