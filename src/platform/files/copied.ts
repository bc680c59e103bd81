/** Copies blocks that are only valid until the next one is asked for, for those who keep them longer. */
export async function* copied(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const block of blocks) yield Buffer.from(block);
}
