import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type DatasetReport } from '../../src/training/report.js';
import { check, makeDataset, pythonFor } from './python.js';

let folder: string;
let python: string;
beforeAll(async () => {
  python = pythonFor('unsloth');
  folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-trainers-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('Unsloth', () => {
  it('counts the answer and its end towards the loss, and nothing else, in the script of the dataset', async () => {
    const [out, model] = [path.join(folder, 'masks'), path.join(folder, 'masks-model')];
    await makeDataset(out, '--layout', 'unsloth');
    await check(python, 'tiny_model.py', out, model);
    const { splits } = JSON.parse(await readFile(path.join(out, 'dataset.json'), 'utf8')) as DatasetReport;
    const rows = splits.filter(({ name }) => name !== 'test').reduce((sum, split) => sum + split.rows, 0);
    expect(await check(python, 'unsloth_masks_check.py', out, model, path.join(folder, 'masks-out'))).toEqual(
      {
        checked: rows,
      },
    );
  });
});
