import { createHash } from 'node:crypto';

const SHA256 = /^[0-9a-f]{64}$/i;

/** What a text is not that is no digest, for messages. */
export const NOT_A_DIGEST = 'is not a SHA-256 digest, 64 hexadecimal digits';

/** Whether a text is a digest in hexadecimal, in upper or lower case. */
export function isDigest(text: string): boolean {
  return SHA256.test(text);
}

/** The digest of all blocks together, in lower case. */
export async function digestOfBlocks(blocks: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<string> {
  const digest = createHash('sha256');
  for await (const block of blocks) digest.update(block);
  return digest.digest('hex');
}
