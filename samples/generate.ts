import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { JobIds } from './job-ids.js';
import { type KeepContent } from './evidence.js';
import { type Job, writeJob } from './job.js';
import { type Outcome, Outcomes } from './outcomes.js';
import { Random } from './random.js';
import { SECOND, toCalendar, WORKED_SPAN } from './times.js';

/**
 * - `demo`: every outcome, every kind of mistake, results of many sizes.
 * - `bench`: every job approved, its result 1.2 to 1.6 kB long; every second one, from the first on, has exactly three
 *   corrections and the others none.
 */
type Profile = 'demo' | 'bench';

export interface SampleOptions {
  readonly count: number;
  /** From 0 to 2^32 - 1. */
  readonly seed: number;
  readonly profile?: Profile;
  /** Takes the images of pages. If it is given, lines have the further members, as those of an export with `--include all`. */
  readonly keep?: KeepContent;
}

/**
 * Police orders with the pipeline's mistakes and the trails that mend them, each as one line of the corpus without its
 * line feed, in corpus order. The same options give the same lines everywhere. Holds one job at a time.
 *
 * @throws RangeError for a count or seed that is not a whole number in its range
 */
export function* generateSamples({
  count,
  seed,
  profile = 'demo',
  keep,
}: SampleOptions): Generator<string, void, undefined> {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError('count must be a whole number from 0 on');
  }
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new RangeError('seed must be a whole number from 0 to 4294967295');
  }
  const random = new Random(seed);
  const ids = new JobIds(random);
  const outcomes = new Outcomes(random);
  const longestGap = Math.floor((2 * WORKED_SPAN) / Math.max(count, 1));
  let created = 0;
  for (let index = 0; index < count; index += 1) {
    // Scans that came in one batch share their moment; ids then keep the order.
    const sameBatch = profile === 'demo' && index > 0 && random.chance(0.04);
    if (!sameBatch) created = later(created, longestGap, random);
    const place = { number: index + 1, id: ids.next(toCalendar(created)), created };
    const job =
      profile === 'bench' ? drawBenchJob(place, random) : drawDemoJob(place, outcomes.next(), random);
    yield writeJob(job, random, keep);
  }
}

/** At least a millisecond later, so that the ids of two moments differ in their time. */
function later(created: number, longestGap: number, random: Random): number {
  const next = created + 1000 + random.below(longestGap);
  const rounded = next - (next % random.pick([1, 1, SECOND / 1000, SECOND]));
  return rounded >= created + 1000 ? rounded : next;
}

/** Where a job stands in the corpus. */
type JobPlace = Pick<Job, 'number' | 'id' | 'created'>;

function drawDemoJob(place: JobPlace, outcome: Outcome, random: Random): Job {
  const mistakes = random.between(outcome === 'partly' ? 2 : 1, random.pick([2, 3, 4, 6]));
  const size = random.chance(0.85) ? random.between(1150, 1450) : random.between(700, 3200);
  return { ...place, outcome, mistakes, size, plain: false };
}

function drawBenchJob(place: JobPlace, random: Random): Job {
  const outcome = place.number % 2 === 1 ? 'corrected' : 'untouched';
  return { ...place, outcome, mistakes: 3, size: random.between(1360, 1450), plain: true };
}

const USAGE =
  'usage: node dist/samples/generate.js --count N [--seed N] [--profile demo|bench] [--evidence FOLDER]';

function readArguments(args: readonly string[]): SampleOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      count: { type: 'string' },
      seed: { type: 'string', default: '1' },
      profile: { type: 'string', default: 'demo' },
      evidence: { type: 'string' },
    },
  });
  const { count = '', seed, profile, evidence } = values;
  if (!/^\d{1,15}$/.test(count)) throw new RangeError('--count must be a whole number from 0 on');
  if (!/^\d{1,10}$/.test(seed) || Number(seed) > 0xffffffff) {
    throw new RangeError('--seed must be a whole number from 0 to 4294967295');
  }
  if (profile !== 'demo' && profile !== 'bench') throw new RangeError('--profile must be demo or bench');
  return { count: Number(count), seed: Number(seed), profile, ...(evidence && { keep: keepIn(evidence) }) };
}

/** Writes contents to a folder, as an export with `--sources` does. */
function keepIn(folder: string): KeepContent {
  mkdirSync(folder, { recursive: true });
  return (sha256, content) => {
    writeFileSync(path.join(folder, `${sha256}.png`), content);
  };
}

/** One write a line would cost more than making it. */
function* blocks(lines: Iterable<string>): Generator<string, void, undefined> {
  let block = '';
  for (const line of lines) {
    block += `${line}\n`;
    if (block.length < 65_536) continue;
    yield block;
    block = '';
  }
  if (block !== '') yield block;
}

async function main(): Promise<void> {
  let options: SampleOptions;
  try {
    options = readArguments(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}; ${USAGE}\n`);
    process.exitCode = 2;
    return;
  }
  try {
    await pipeline(Readable.from(blocks(generateSamples(options))), process.stdout);
  } catch (error) {
    // The reader has seen enough (`| head`).
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error;
  }
}

const [, program] = process.argv;
if (program !== undefined && realpathSync(program) === fileURLToPath(import.meta.url)) void main();
