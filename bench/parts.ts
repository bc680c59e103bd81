import { readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { query } from './database.js';
import { type Measurement } from './measurement.js';
import { runProgram } from './program.js';
import { type Context } from './scenarios.js';

const READERS = [1, 2];
/** So that two readers have more than one range each, at some 100,000 jobs. */
const PART_SIZE = '64MB';
/** Linux counts the CPU of a process in these. */
const TICKS_PER_SECOND = 100;

/** Exports in parts, with one reader and with two. */
export async function parts({ programEnv, folder, jobs, url }: Context): Promise<Measurement[]> {
  const place = path.join(folder, 'parts');
  const args = ['export', '--approved-only', 'false', '--out', `${place}/`, '--part-size', PART_SIZE];
  const measurements: Measurement[] = [];
  for (const readers of READERS) {
    try {
      const before = await serverCpu(url);
      const { seconds, peakRss, cpuSeconds } = await runProgram(programEnv, [
        ...args,
        '--readers',
        String(readers),
      ]);
      const server = (await serverCpu(url)) - before;
      const manifest = JSON.parse(await readFile(path.join(place, 'manifest.json'), 'utf8')) as {
        readonly samples: number;
        readonly bytes: number;
      };
      if (manifest.samples !== jobs) throw new Error(`the parts have ${manifest.samples} of ${jobs} samples`);
      measurements.push({
        name: `${readers} ${readers === 1 ? 'reader' : 'readers'}`,
        seconds: [seconds],
        bytes: manifest.bytes,
        samples: jobs,
        peakRss,
        cpu: { program: cpuSeconds, server },
      });
    } finally {
      await rm(place, { recursive: true, force: true });
    }
  }
  return measurements;
}

/** The CPU of all sessions of the server that have ended, in seconds: the postmaster has waited for them. Linux only. */
async function serverCpu(url: string): Promise<number> {
  const [row] = await query<{ pid: string }>(
    url,
    `select split_part(pg_read_file('postmaster.pid'), E'\\n', 1) as pid`,
    [],
  );
  const stat = readFileSync(`/proc/${row!.pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
}
