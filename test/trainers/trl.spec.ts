import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { check, countTrainingRows, DEMO, DEMO_IMAGES, makeDataset, OFFLINE, pythonFor } from './python.js';

let folder: string;
let python: string;
beforeAll(async () => {
  python = pythonFor('trl');
  folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-trainers-'));
});
afterAll(() => rm(folder, { recursive: true }));

const SMALL_STEPS = ['--gradient-accumulation', '1', '--batch-size', '4'];

/** Runs the script that the dataset has for its training. */
async function train(dataset: string, model: string, output: string, ...flags: string[]): Promise<void> {
  const parameters = ['--model', model, '--output', output, '--lora-r', '0', ...SMALL_STEPS, ...flags];
  await promisify(execFile)(python, [path.join(dataset, 'train.py'), ...parameters], {
    env: OFFLINE,
    maxBuffer: 1e9,
    cwd: folder,
  });
}

/** The first lines of the corpus of the demo. */
async function firstLines(count: number): Promise<string> {
  const file = path.join(folder, `first-${count}.jsonl`);
  await promisify(execFile)('sh', ['-c', 'head -n "$0" "$1" > "$2"', String(count), DEMO, file]);
  return file;
}

const PAGES = [
  '--input',
  'page_image',
  '--sources',
  DEMO_IMAGES,
  '--field',
  'personel[0]',
  '--split',
  'train=1',
];

describe('TRL', () => {
  it.each<[flags: string[]]>([[[]], [['--field', 'personel[*]']]])(
    'counts the answer and its end towards the loss, and nothing else: %j',
    async (flags) => {
      const [out, model] = [path.join(folder, 'masks'), path.join(folder, 'masks-model')];
      await makeDataset(out, '--split', 'train=1', ...flags);
      await check(python, 'tiny_model.py', out, model);
      expect(await check(python, 'trl_masks_check.py', out, model, path.join(folder, 'masks-out'))).toEqual({
        checked: await countTrainingRows(out),
      });
    },
  );

  it('trains a tiny model with the script of the dataset until it answers training rows with the text of the corpus', async () => {
    const [out, model, trained] = ['sft', 'sft-model', 'sft-trained'].map((name) =>
      path.join(folder, name),
    ) as [string, string, string];
    await makeDataset(
      out,
      '--corpus',
      await firstLines(12),
      '--input',
      'initial',
      '--field',
      'personel[0]',
      '--split',
      'train=1',
    );
    await check(python, 'tiny_model.py', out, model);
    await train(out, model, trained, '--epochs', '50', '--learning-rate', '2e-3');
    const { rows, right } = (await check(python, 'trl_answer_check.py', out, trained)) as {
      rows: number;
      right: number;
    };
    expect(rows).toBeGreaterThan(3);
    expect(right).toBe(rows);
  });

  it('gives each row of page images its own pages, and counts the answer and its end towards the loss', async () => {
    const [out, model] = [path.join(folder, 'pages'), path.join(folder, 'pages-model')];
    await makeDataset(out, ...PAGES);
    await check(python, 'tiny_vision_model.py', out, model);
    expect(await check(python, 'trl_pages_check.py', out, model, path.join(folder, 'pages-out'))).toEqual({
      checked: await countTrainingRows(out),
    });
  });

  it('trains a tiny model that sees with the script of the dataset until it answers pages with the text of the corpus', async () => {
    const [out, model, trained] = ['seen', 'seen-model', 'seen-trained'].map((name) =>
      path.join(folder, name),
    ) as [string, string, string];
    await makeDataset(out, '--corpus', await firstLines(36), ...PAGES);
    await check(python, 'tiny_vision_model.py', out, model);
    await train(out, model, trained, '--epochs', '100', '--learning-rate', '1e-3');
    const { rows, ...answers } = (await check(python, 'trl_pages_answer_check.py', out, trained)) as {
      rows: number;
      right: number;
      rightWithOtherPages: number;
    };
    expect(rows).toBeGreaterThan(3);
    // The prompt of all rows is the same: what tells them apart is in the pages.
    expect(answers).toEqual({ right: rows, rightWithOtherPages: 0 });
  });
});
