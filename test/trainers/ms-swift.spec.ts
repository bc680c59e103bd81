import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { check, countTrainingRows, makeDataset, pythonFor } from './python.js';

let folder: string;
let python: string;
beforeAll(async () => {
  python = pythonFor('ms-swift');
  folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-trainers-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('ms-swift', () => {
  it.each(['sft', 'preference'])(
    'loads rows for %s by its configuration, and counts the answers towards the loss',
    async (objective) => {
      const [out, model] = [path.join(folder, objective), path.join(folder, `${objective}-model`)];
      await makeDataset(out, '--layout', 'ms-swift', '--objective', objective, '--input', 'ocr_text');
      await check(python, 'tiny_model.py', out, model);
      expect(await check(python, 'ms_swift_check.py', out, model)).toEqual({
        checked: await countTrainingRows(out),
      });
    },
  );
});
