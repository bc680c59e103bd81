import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { check, DEMO, makeDataset, OFFLINE, pythonFor } from './python.js';

let folder: string;
let python: string;
beforeAll(async () => {
  python = pythonFor('trl');
  folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-trainers-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs the script that the dataset has for its training. */
async function train(dataset: string, model: string, output: string, ...flags: string[]): Promise<void> {
  const parameters = ['--model', model, '--output', output, '--lora-r', '0', ...flags];
  await promisify(execFile)(python, [path.join(dataset, 'train.py'), ...parameters], {
    env: OFFLINE,
    maxBuffer: 1e9,
    cwd: folder,
  });
}

describe('TRL', () => {
  it('counts the answer and its end towards the loss, and nothing else', async () => {
    const [out, model] = [path.join(folder, 'masks'), path.join(folder, 'masks-model')];
    await makeDataset(out, '--split', 'train=1');
    await check(python, 'tiny_model.py', out, model);
    const { splits } = JSON.parse(await readFile(path.join(out, 'dataset.json'), 'utf8')) as {
      splits: { rows: number }[];
    };
    expect(await check(python, 'trl_masks_check.py', out, model, path.join(folder, 'masks-out'))).toEqual({
      checked: splits[0]!.rows,
    });
  });

  it('trains a tiny model with the script of the dataset until it answers training rows with the text of the corpus', async () => {
    const [out, model, trained] = ['sft', 'sft-model', 'sft-trained'].map((name) =>
      path.join(folder, name),
    ) as [string, string, string];
    const few = path.join(folder, 'few.jsonl');
    await promisify(execFile)('sh', ['-c', 'head -n 12 "$0" > "$1"', DEMO, few]);
    await makeDataset(
      out,
      '--corpus',
      few,
      '--input',
      'initial',
      '--field',
      'personel[0]',
      '--split',
      'train=1',
    );
    await check(python, 'tiny_model.py', out, model);
    await train(
      out,
      model,
      trained,
      '--epochs',
      '50',
      '--learning-rate',
      '2e-3',
      '--gradient-accumulation',
      '1',
      '--batch-size',
      '4',
    );
    const { rows, right } = (await check(python, 'trl_answer_check.py', out, trained)) as {
      rows: number;
      right: number;
    };
    expect(rows).toBeGreaterThan(3);
    expect(right).toBe(rows);
  });
});
