import { createInterface } from 'node:readline';
import { type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { count } from '../database.js';
import { pipeProgram } from '../processes.js';
import { inGroups, megabytes } from '../report.js';
import { type Load } from './client.js';
import { type ServerLog } from './server-log.js';
import { type Sighting, type Watch } from './watch.js';

/** Something that was promised, and whether it was kept. */
export interface Claim {
  readonly what: string;
  /** Undefined where it could not be judged. */
  readonly holds: boolean | undefined;
  readonly figures: string;
}

export interface Findings {
  readonly load: Load;
  readonly log: ServerLog;
  /** Before the load, under it, and after it. */
  readonly idle: Sighting;
  readonly watch: Watch;
  readonly rest: Sighting;
  /** How long the load lasted. */
  readonly seconds: number;
}

const MINUTE = 60;
/** The second minute and the last one have to be two, with one between them. */
const LEAST_MINUTES = 3;
const MORE_RSS = 1.2;
/** What a server opens once, when it first needs it. */
const MORE_DESCRIPTORS = 2;

export async function judge(findings: Findings): Promise<Claim[]> {
  const { load, log, idle, rest } = findings;
  const faults = [...load.tally.faults.values()].reduce((sum, fault) => sum + fault.count, 0);
  return [
    {
      what: 'no error that was not provoked',
      holds: faults === 0,
      figures: `${inGroups(faults)} unprovoked`,
    },
    {
      what: 'no error in the server’s log, and no line that is none of the log',
      holds: log.strays === 0 && log.errors === 0,
      figures: `${log.errors} errors, ${log.strays} others`,
    },
    memoryStays(findings),
    {
      what: 'connections to the database as before the load',
      holds: rest.connections <= idle.connections,
      figures: `${idle.connections} before, ${findings.watch.most('connections')} at most, ${rest.connections} after`,
    },
    {
      what: `descriptors as before the load, or ${MORE_DESCRIPTORS} more`,
      holds: Number.isNaN(rest.descriptors)
        ? undefined
        : rest.descriptors <= idle.descriptors + MORE_DESCRIPTORS,
      figures: `${idle.descriptors} before, ${findings.watch.most('descriptors')} at most, ${rest.descriptors} after`,
    },
    {
      what: 'no export runs any more',
      holds: rest.transfers === 0,
      figures: `${findings.watch.most('transfers')} at most, ${rest.transfers} after`,
    },
    await accessLogFits(load),
    await jobsAreThere(load),
    await trailIsExact(load),
    await verifies(load),
  ];
}

function memoryStays({ watch, seconds }: Findings): Claim {
  const what = `resident memory in the last minute at most ${MORE_RSS} × that of the second (medians)`;
  if (seconds < LEAST_MINUTES * MINUTE)
    return { what, holds: undefined, figures: `from ${LEAST_MINUTES} minutes on` };
  const second = watch.medianRss(MINUTE, 2 * MINUTE);
  const last = watch.medianRss(seconds - MINUTE, seconds);
  return {
    what,
    holds: Number.isNaN(last) ? undefined : last <= second * MORE_RSS,
    figures: `${megabytes(second)}, then ${megabytes(last)}`,
  };
}

interface Logged {
  readonly outcome: string | null;
  readonly sha256: string | null;
}

/** What came to its end here has to be there as complete, with the same digest; nothing has to be left open. */
async function accessLogFits({ stand, tally }: Load): Promise<Claim> {
  const left = new Map<string, number>();
  const outcomes = new Map<string, number>();
  const { code } = await pipeProgram(
    stand.database,
    ['access-log', '--json', '--limit', '100000'],
    async (output: Readable) => {
      for await (const line of createInterface({ input: output })) {
        const { outcome, sha256 } = JSON.parse(line) as Logged;
        const name = outcome ?? 'without an outcome';
        outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
        if (outcome === 'complete') left.set(sha256!, (left.get(sha256!) ?? 0) + 1);
      }
    },
  );
  let missing = 0;
  for (const digest of tally.digests) {
    const times = left.get(digest) ?? 0;
    if (times === 0) missing++;
    else left.set(digest, times - 1);
  }
  const allowed = ['complete', 'reader_gone', 'failed'];
  return {
    what: 'the access log has every complete export with its digest, and how each other one ended',
    holds:
      code === 0 &&
      missing === 0 &&
      (outcomes.get('failed') ?? 0) === tally.cuts &&
      [...outcomes.keys()].every((outcome) => allowed.includes(outcome)),
    figures: [
      `${inGroups(tally.digests.length)} read to the end, ${missing} of them missing`,
      `${inGroups(tally.cuts)} cut`,
      ...[...outcomes].map(([outcome, times]) => `${inGroups(times)} ${outcome.replaceAll('_', ' ')}`),
    ].join('; '),
  };
}

async function jobsAreThere({ stand, jobs, tally }: Load): Promise<Claim> {
  const found = await count(stand.database.url, 'jobs');
  // After an answer that was lost, nobody can know.
  const most = tally.faults.size === 0 ? jobs.least : jobs.most;
  return {
    what: 'every job that was acknowledged is there, and no other',
    holds: found >= jobs.least && found <= most,
    figures: `${inGroups(found)} jobs`,
  };
}

async function trailIsExact({ stand, ledger }: Load): Promise<Claim> {
  const flaws = await ledger.holdAgainstTrail(stand.pool);
  return {
    what: 'every correction that was acknowledged is in the trail once, as it was, in order, and no other',
    holds: flaws.size === 0,
    figures: [
      `${inGroups(ledger.size)} acknowledged`,
      ...[...flaws].map(([flaw, times]) => `${inGroups(times)} ${flaw}`),
    ].join('; '),
  };
}

async function verifies({ stand }: Load): Promise<Claim> {
  const { code, result } = await pipeProgram(stand.database, ['verify', '--json'], text);
  const { jobs, exact } = JSON.parse(result) as { jobs: number; exact: number };
  return {
    what: '`ground-truth verify`: every job is exact',
    holds: code === 0 && exact === jobs,
    figures: `${inGroups(exact)} of ${inGroups(jobs)}, exit code ${String(code)}`,
  };
}
