import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { type Measurement } from './measurement.js';
import { runProgram } from './program.js';
import { type Context } from './scenarios.js';

const DATASETS = [
  ['dataset, no near-duplicates', 'off'],
  ['dataset', '0.85'],
] as const;

/** Makes a dataset with the command, without looking for near-duplicates and with it. */
export async function dataset({ programEnv, folder, jobs }: Context): Promise<Measurement[]> {
  const place = path.join(folder, 'dataset');
  const measurements: Measurement[] = [];
  for (const [name, similarity] of DATASETS) {
    const args = ['dataset', '--near-duplicates', similarity, '--out', place];
    try {
      const { seconds, peakRss } = await runProgram(programEnv, args);
      const { corpus } = JSON.parse(await readFile(path.join(place, 'dataset.json'), 'utf8')) as {
        readonly corpus: { readonly samples: number; readonly bytes: number };
      };
      if (corpus.samples !== jobs) throw new Error(`${name} has ${corpus.samples} of ${jobs} samples`);
      const { samples, bytes } = corpus;
      measurements.push({ name, seconds: [seconds], samples, bytes, peakRss });
    } finally {
      await rm(place, { recursive: true, force: true });
    }
  }
  return measurements;
}
