import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Context, type Measurement } from '../measurement.js';
import { runProgram } from '../processes.js';

/** The program that writes the corpus to a file, from the start of the process to its end. */
export async function cli(context: Context): Promise<Measurement[]> {
  const file = path.join(context.folder, 'corpus.jsonl');
  const args = ['export', '--approved-only', 'false', '--out', file];
  try {
    // The same process with hardly anything to export shows what it holds without the export.
    const before = await runProgram(context, [...args, '--limit', '1']);
    const { seconds, peakRss } = await runProgram(context, args);
    const { size } = await stat(file);
    return [
      {
        name: 'cli',
        seconds: [seconds],
        bytes: size,
        samples: context.jobs,
        rssBefore: before.peakRss,
        peakRss,
      },
    ];
  } finally {
    await rm(file, { force: true });
  }
}
