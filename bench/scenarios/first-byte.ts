import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type Context, type Measurement, secondsOf } from '../measurement.js';
import { type Server, startServer } from '../processes.js';
import { requestCorpus } from '../requests.js';

const TRIES = 10;
/** An export that was left has given its connection back by then, and does not compete with the next one. */
const PAUSE_MS = 50;

type Query = Readonly<Record<string, string>>;

/** From the request, on a connection of its own, to the first byte of the body, by what is asked for. */
export async function firstByte(context: Context): Promise<Measurement[]> {
  const windows = await findWindows(context);
  const cases: Record<string, Query[]> = {
    'no filter': [{ approved_only: 'false' }],
    approved_only: [{ approved_only: 'true' }],
    'has_corrections=true': [{ has_corrections: 'true' }],
    'has_corrections=false': [{ has_corrections: 'false' }],
    'limit=1': [{ limit: '1' }],
    'window of 1%': windows,
    'window of 1%, has_corrections=true': windows.map((window) => ({ ...window, has_corrections: 'true' })),
  };
  const server = await startServer(context);
  try {
    // The first answer of a server also compiles its code.
    await delay(server, { limit: '1' });
    const measurements: Measurement[] = [];
    for (const [name, queries] of Object.entries(cases)) {
      const seconds: number[] = [];
      for (let i = 0; i < TRIES; i++) seconds.push(await delay(server, queries[i % queries.length]!));
      measurements.push({ name: `first byte: ${name}`, seconds });
    }
    return measurements;
  } finally {
    await server.stop();
  }
}

async function delay(server: Server, query: Query): Promise<number> {
  const seconds = await secondsOf(async () => {
    const body = await requestCorpus(server, query);
    await once(body, 'data');
    body.destroy();
  });
  await sleep(PAUSE_MS);
  return seconds;
}

/** Windows that hold 1% of the jobs each: the oldest changes, some in the middle and the newest. */
async function findWindows({ url, jobs }: Context): Promise<Query[]> {
  const size = Math.max(1, Math.floor(jobs / 100));
  const starts = [0, 0.25, 0.5, 0.75].map((share) => Math.floor(jobs * share));
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const timeAt = async (offset: number) => {
      const { rows } = await client.query<{ time: string }>(
        `select to_char(updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as time
         from jobs order by updated_at offset $1 limit 1`,
        [offset],
      );
      return rows[0]!.time;
    };
    const windows: Query[] = [{ since: await timeAt(jobs - size) }];
    for (const start of starts)
      windows.push({ since: await timeAt(start), until: await timeAt(start + size) });
    return windows;
  } finally {
    await client.end();
  }
}
