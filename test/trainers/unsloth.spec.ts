import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { check, countTrainingRows, makeDataset, pythonFor } from './python.js';

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
    expect(await check(python, 'unsloth_masks_check.py', out, model, path.join(folder, 'masks-out'))).toEqual(
      {
        checked: await countTrainingRows(out),
      },
    );
  });
});
