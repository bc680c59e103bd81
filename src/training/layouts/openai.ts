import { CHAT_ROWS, type Layout, turn } from './layout.js';

/** The fine-tuning files of OpenAI's platform, which other services read too. */
export const OPENAI: Layout = {
  rows: {
    sft: CHAT_ROWS.sft,
    preference: ({ prompt, answer, rejected }) => ({
      input: { messages: [turn('user', prompt)] },
      preferred_output: [turn('assistant', answer)],
      non_preferred_output: [turn('assistant', rejected!)],
    }),
  },
  isTried: false,
  withImages: [],
  files: () => ({}),
  usage: ({ splits }) =>
    splits
      .filter(({ name }) => name !== 'test')
      .map(({ file }) => `openai api files.create -p fine-tune -f ${file}`)
      .join('\n'),
};
