import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { type DatasetReport } from '../../src/training/report.js';
import { runCli } from '../setup/cli.js';

const HERE = __dirname;
const ROOT = path.resolve(HERE, '../..');
/** Outside of what is checked in, and kept from one run to the next. */
const ENVIRONMENTS = path.join(ROOT, 'node_modules/.cache/trainers');

export const DEMO = path.join(ROOT, 'samples/surat-perintah.jsonl');
export const DEMO_IMAGES = path.join(ROOT, 'samples/contents');

/**
 * The Python of a virtual environment with what `test/trainers/requirements/<name>.txt` pins. Made where it is missing, or is of other
 * pins.
 */
export function pythonFor(name: string): string {
  const folder = path.join(ENVIRONMENTS, name);
  const requirements = path.join(HERE, 'requirements', `${name}.txt`);
  const pins = readFileSync(requirements, 'utf8');
  const installed = path.join(folder, 'installed.txt');
  const python = path.join(folder, 'bin/python');
  if (!existsSync(installed) || readFileSync(installed, 'utf8') !== pins) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(ENVIRONMENTS, { recursive: true });
    execFileSync('python3', ['-m', 'venv', folder]);
    execFileSync(
      python,
      ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements],
      { stdio: 'inherit' },
    );
    writeFileSync(installed, pins);
  }
  return python;
}

/** Writes a dataset of the demo corpus with the built program. */
export async function makeDataset(out: string, ...flags: string[]): Promise<void> {
  const corpus = flags.includes('--corpus') ? [] : ['--corpus', DEMO];
  const run = await runCli(['dataset', '--out', out, ...corpus, ...flags]);
  if (run.code !== 0) throw new Error(run.stderr);
}

/** How many rows of a dataset are not for its test. */
export async function countTrainingRows(dataset: string): Promise<number> {
  const { splits } = JSON.parse(await readFile(path.join(dataset, 'dataset.json'), 'utf8')) as DatasetReport;
  return splits.filter(({ name }) => name !== 'test').reduce((sum, split) => sum + split.rows, 0);
}

/** Nothing is fetched from anywhere, and no accelerator is used. */
export const OFFLINE: NodeJS.ProcessEnv = {
  ...process.env,
  HF_HUB_OFFLINE: '1',
  HF_DATASETS_OFFLINE: '1',
  TRANSFORMERS_OFFLINE: '1',
  CUDA_VISIBLE_DEVICES: '',
};

/** Runs a check of this folder, without a network, and returns what it prints as JSON. A check that fails throws. */
export async function check(python: string, script: string, ...parameters: string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(python, [path.join(HERE, script), ...parameters], {
    env: OFFLINE,
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
}
