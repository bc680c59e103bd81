import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { check, DEMO_IMAGES, makeDataset, pythonFor } from './python.js';

let folder: string;
let python: string;
beforeAll(async () => {
  python = pythonFor('datasets');
  folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-trainers-'));
});
afterAll(() => rm(folder, { recursive: true }));

const IMAGES = ['--sources', DEMO_IMAGES];

/** Each layout whose loader is `datasets`, by its own columns. */
const CASES: [columns: string[], flags: string[]][] = [
  [['prompt', 'completion'], []],
  [
    ['prompt', 'completion'],
    ['--input', 'ocr_text', '--field', 'header.nomor_sprint'],
  ],
  [
    ['prompt', 'completion', 'images'],
    ['--input', 'page_image', ...IMAGES],
  ],
  [
    ['prompt', 'completion', 'images'],
    ['--input', 'ocr_text+page_image', ...IMAGES],
  ],
  [
    ['prompt', 'chosen', 'rejected'],
    ['--input', 'ocr_text', '--objective', 'preference'],
  ],
  [
    ['prompt', 'chosen', 'rejected'],
    ['--input', 'ocr_text', '--objective', 'preference', '--field', 'personel[*]'],
  ],
  [
    ['prompt', 'ground_truth'],
    ['--input', 'ocr_text', '--objective', 'rl'],
  ],
  [['messages'], ['--layout', 'unsloth']],
  [['messages'], ['--layout', 'openai']],
  [
    ['input', 'preferred_output', 'non_preferred_output'],
    ['--layout', 'openai', '--objective', 'preference', '--input', 'ocr_text'],
  ],
  [['messages'], ['--layout', 'axolotl']],
  [
    ['messages', 'chosen', 'rejected'],
    ['--layout', 'axolotl', '--objective', 'preference', '--input', 'ocr_text'],
  ],
  [['messages'], ['--layout', 'llama-factory']],
  [['messages'], ['--layout', 'ms-swift']],
];

describe('datasets', () => {
  it.each(CASES)(
    'loads columns %j of %j from the folder alone, row by row as they are',
    async (columns, flags) => {
      const out = path.join(folder, 'dataset');
      await makeDataset(out, ...flags);
      expect(await check(python, 'datasets_check.py', out, path.join(folder, 'cache'))).toMatchObject({
        columns,
      });
    },
  );
});
