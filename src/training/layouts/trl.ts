import { type Layout, turn } from './layout.js';
import { trlScript } from './trl-scripts.js';

const TURNS = `
    list:
    - name: role
      dtype: string
    - name: content
      dtype: string`;
const IMAGES = `
  - name: images
    list: string`;

/** TRL: https://huggingface.co/docs/trl/dataset_formats. An explicit prompt, so that the loss is on the answer only. */
export const TRL: Layout = {
  rows: {
    sft: ({ prompt, answer }, images) => ({
      prompt: [turn('user', prompt)],
      completion: [turn('assistant', answer)],
      ...(images.length > 0 && { images }),
    }),
    preference: ({ prompt, answer, rejected }, images) => ({
      prompt: [turn('user', prompt)],
      chosen: [turn('assistant', answer)],
      rejected: [turn('assistant', rejected!)],
      ...(images.length > 0 && { images }),
    }),
    rl: ({ prompt, answer }) => ({ prompt: [turn('user', prompt)], ground_truth: answer }),
  },
  isTried: true,
  withImages: ['sft'],
  features: ({ objective, hasImages }) => {
    const turns = {
      sft: ['prompt', 'completion'],
      preference: ['prompt', 'chosen', 'rejected'],
      rl: ['prompt'],
    };
    const columns = turns[objective].map((name) => `\n  - name: ${name}${TURNS}`);
    return `${columns.join('')}${objective === 'rl' ? '\n  - name: ground_truth\n    dtype: string' : ''}${hasImages ? IMAGES : ''}`;
  },
  files: (facts) => ({ 'train.py': trlScript(facts) }),
  // What reads pages for the model needs torchvision, and TRL does not bring it.
  usage: ({ hasImages }) =>
    `pip install trl peft${hasImages ? ' torchvision' : ''}\npython train.py --output adapter`,
};
