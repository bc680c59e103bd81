/** What is used of the package. Its own types do not resolve in ES modules. */
interface TokenizersModule {
  readonly Tokenizer: new (
    tokenizer: unknown,
    config: object,
  ) => { encode(text: string, options: { add_special_tokens: boolean }): { ids: readonly number[] } };
}

/**
 * A function that counts the tokens of a text, without special ones.
 *
 * @param file a `tokenizer.json` of Hugging Face tokenizers
 * @throws if it cannot be used
 */
export async function tokenCounter(file: Buffer): Promise<(text: string) => number> {
  // Loaded only here, because a command starts in the time it takes to load its modules.
  const { Tokenizer } = (await import('@huggingface/tokenizers')) as unknown as TokenizersModule;
  const tokenizer = new Tokenizer(JSON.parse(file.toString()), {});
  const count = (text: string): number => tokenizer.encode(text, { add_special_tokens: false }).ids.length;
  count('{"a":1}');
  return count;
}
