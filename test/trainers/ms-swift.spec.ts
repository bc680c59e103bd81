import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type DatasetReport } from '../../src/training/report.js';
import { check, makeDataset, pythonFor } from './python.js';

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
      const { splits } = JSON.parse(await readFile(path.join(out, 'dataset.json'), 'utf8')) as DatasetReport;
      const rows = splits.filter(({ name }) => name !== 'test').reduce((sum, split) => sum + split.rows, 0);
      expect(await check(python, 'ms_swift_check.py', out, model)).toEqual({ checked: rows });
    },
  );
});
