import { once } from 'node:events';
import { rm, stat } from 'node:fs/promises';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { query } from './database.js';
import { dataset } from './dataset.js';
import { parts } from './parts.js';
import { type Measurement, measure, secondsOfEach, secondsSince } from './measurement.js';
import { changes, corpusFiles } from './versions.js';
import { ask, exportPath, readSlowly, runProgram, type Server, startServer } from './program.js';

export interface Context {
  /** The URL of the database. */
  readonly url: string;
  /** The environment variables with which the program uses the database. */
  readonly programEnv: Readonly<Record<string, string>>;
  readonly jobs: number;
  /** For temporary files. */
  readonly folder: string;
}

type Scenario = (context: Context) => Promise<Measurement[]>;

/** Nest and TypeORM are imported dynamically, so that they do not count as memory of the other scenarios. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  import: async (context) => (await import('./services.js')).importCorpus(context),
  floor,
  service: async () => (await import('./services.js')).exportAll('service'),
  recorded: async () => (await import('./services.js')).exportAll('recorded'),
  cli,
  http: withServer(http),
  typeorm: async (context) => (await import('./typeorm.js')).typeorm(context),
  stats: async () => (await import('./services.js')).statistics(),
  'first-byte': withServer(firstByte),
  review: withServer(review),
  'large-results': withServer(largeResults),
  changes: withServer(changes),
  'corpus-files': corpusFiles,
  parts,
  dataset,
  'cli-start': cliStart,
  'slow-reader': withServer(slowReader),
};

function withServer(work: (server: Server, context: Context) => Promise<Measurement[]>): Scenario {
  return async (context) => {
    const server = await startServer(context.programEnv);
    try {
      return await work(server, context);
    } finally {
      await server.stop();
    }
  };
}

const FLOOR = [
  `select id, filename, source_kind, approved, reviewed_by, reviewed_at, created_at, result, review_flags, confidence
   from jobs order by created_at, id`,
  `select job_id, field_path, op, old_value, new_value, position, corrected_by, reason, corrected_at
   from job_corrections order by job_id, corrected_at, id`,
];

/** Reads all rows in order, and discards them. */
async function floor({ url, jobs }: Context): Promise<Measurement[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // Walking the indexes is the cheapest way to both orders; a sort would write the documents to disk first.
    await client.query('set jit = off; set enable_sort = off; set max_parallel_workers_per_gather = 0');
    const measured = await measure('floor', async () => {
      let bytes = 0;
      for (const select of FLOOR) bytes += await copyOut(client, select);
      return { bytes, samples: jobs };
    });
    return [measured];
  } finally {
    await client.end();
  }
}

/** Receives each row from the driver as the export does. */
function copyOut(client: pg.Client, select: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    client.query({
      submit: (connection: pg.Connection) => {
        connection.query(`copy (${select}) to stdout (format binary)`);
      },
      handleCopyData: ({ chunk }: { chunk: Buffer }) => (bytes += chunk.length),
      handleCommandComplete: () => undefined,
      handleReadyForQuery: () => {
        resolve(bytes);
      },
      handleError: reject,
    });
  });
}

/** Exports to a file with the command. */
async function cli({ programEnv, folder, jobs }: Context): Promise<Measurement[]> {
  const file = path.join(folder, 'corpus.jsonl');
  const args = ['export', '--approved-only', 'false', '--out', file];
  try {
    // The peak with a single sample is the memory without the export.
    const { peakRss: rssBefore } = await runProgram(programEnv, [...args, '--limit', '1']);
    const { seconds, peakRss } = await runProgram(programEnv, args);
    const { size: bytes } = await stat(file);
    return [{ name: 'cli', seconds: [seconds], bytes, samples: jobs, rssBefore, peakRss }];
  } finally {
    await rm(file, { force: true });
  }
}

/** Runs commands that have little or nothing to do. */
async function cliStart({ programEnv }: Context): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const args of [['--help'], ['export', '--limit', '1'], ['stats']]) {
    const peaks: number[] = [];
    const seconds = await secondsOfEach(3, async () =>
      peaks.push((await runProgram(programEnv, args)).peakRss),
    );
    measurements.push({ name: `ground-truth ${args.join(' ')}`, seconds, peakRss: Math.max(...peaks) });
  }
  return measurements;
}

/** Downloads the corpus over loopback. */
async function http(server: Server, { jobs }: Context): Promise<Measurement[]> {
  const rssBefore = server.memory()?.now;
  const start = performance.now();
  const bytes = await discardCorpus(server);
  const seconds = [secondsSince(start)];
  return [{ name: 'http', seconds, bytes, samples: jobs, rssBefore, peakRss: server.memory()?.peak }];
}

/**
 * Reads a corpus from a bare socket, because an HTTP client would take more of the cores that it shares with the server. In
 * HTTP/1.0 the body extends to the end of the connection.
 *
 * @returns the bytes of the body
 * @throws Error if the server refuses, or resets the connection
 */
async function discardCorpus({ url }: Server): Promise<number> {
  const { hostname, port } = new URL(url);
  let head = '';
  let bytes = 0;
  const callback = (length: number, buffer: Uint8Array) => {
    bytes += length;
    if (!head.includes('\r\n\r\n')) head += Buffer.from(buffer.subarray(0, length)).toString('latin1');
    return true;
  };
  const onread = { buffer: Buffer.alloc(256 * 1024), callback };
  const socket = connect({ host: hostname, port: Number(port), onread });
  socket.write(`GET /api/v1${exportPath({ approved_only: 'false' })} HTTP/1.0\r\n\r\n`);
  await once(socket, 'close');
  if (!head.startsWith('HTTP/1.1 200 ')) throw new Error(`the server refused: ${head.slice(0, 200)}`);
  return bytes - head.indexOf('\r\n\r\n') - 4;
}

/** Measures the time from a request on a new connection to the first byte of the body, for several filters. */
async function firstByte(server: Server, context: Context): Promise<Measurement[]> {
  const windows = await findWindows(context);
  const cases: Record<string, object[]> = {
    'no filter': [{ approved_only: 'false' }],
    approved_only: [{ approved_only: 'true' }],
    'has_corrections=true': [{ has_corrections: 'true' }],
    'has_corrections=false': [{ has_corrections: 'false' }],
    'limit=1': [{ limit: '1' }],
    'window of 1%': windows,
    'window of 1%, has_corrections=true': windows.map((window) => ({ ...window, has_corrections: 'true' })),
  };
  const open = async (filter: object) => {
    const body = await openCorpus(server, filter);
    await once(body, 'data');
    return body;
  };
  // The first response of a server also compiles its code.
  (await open({ limit: '1' })).destroy();
  const measurements: Measurement[] = [];
  for (const [name, filters] of Object.entries(cases)) {
    const seconds: number[] = [];
    for (let n = 0; n < 10; n++) {
      // Until the export before has released its connection.
      await sleep(50);
      const start = performance.now();
      const body = await open(filters[n % filters.length]!);
      seconds.push(secondsSince(start));
      body.destroy();
    }
    measurements.push({ name: `first byte: ${name}`, seconds });
  }
  return measurements;
}

/** Windows with 1% of the jobs each: the newest changes, the oldest, and three in between. */
async function findWindows({ url, jobs }: Context): Promise<object[]> {
  const size = Math.floor(jobs / 100);
  const timeAt = async (offset: number) => {
    const [row] = await query<{ time: string }>(
      url,
      `select to_char(updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as time
       from jobs order by updated_at offset $1 limit 1`,
      [offset],
    );
    return row!.time;
  };
  const windows: object[] = [{ since: await timeAt(jobs - size) }];
  for (const start of [0, 0.25, 0.5, 0.75].map((share) => Math.floor(jobs * share)))
    windows.push({ since: await timeAt(start), until: await timeAt(start + size) });
  return windows;
}

async function openCorpus(server: Server, filter: object) {
  const response = await ask(server, exportPath(filter));
  if (response.statusCode !== 200)
    throw new Error(`the server answered ${String(response.statusCode)} to ${JSON.stringify(filter)}`);
  return response;
}

/** Measures the server's memory while a client reads 1 MB/s: in the first 5 of 15 seconds, when buffers fill, and after. */
async function slowReader(server: Server): Promise<Measurement[]> {
  const body = await openCorpus(server, { approved_only: 'false' });
  const start = performance.now();
  const most = { early: 0, late: 0 };
  for await (const _ of readSlowly(body, 1_000_000)) {
    const phase = secondsSince(start) < 5 ? 'early' : 'late';
    most[phase] = Math.max(most[phase], server.memory()?.now ?? 0);
    if (secondsSince(start) >= 15) break;
  }
  const measured = { name: 'slow reader', seconds: [secondsSince(start)] };
  // A small corpus ends within the first seconds.
  return [most.late === 0 ? measured : { ...measured, rssBefore: most.early, peakRss: most.late }];
}

const JOB = '00000000-0000-7000-8000-0000000be4c0';
const SMALL_JOB = '00000000-0000-7000-8000-0000000be4c1';
const TRIES = 50;

/** Corrects a small and a large document, and sends a corrected table with a row more and two cells changed. */
async function review(server: Server, { url }: Context): Promise<Measurement[]> {
  const agent = new Agent({ keepAlive: true });
  const headers = { 'content-type': 'application/json', 'x-user-id': 'bench' };
  const call = async (method: string, target: string, body: string) => {
    const response = await ask(server, target, { method, agent, headers, body });
    const answer = await text(response);
    if (response.statusCode !== 201) throw new Error(`${method} ${target}: ${answer}`);
  };
  const row = (n: number, pangkat: string) => ({
    pangkat,
    nrp: String(70_000_000 + n),
    nama: `NAMA ${n}`,
    jabatan: 'BANIT SATLANTAS',
    keterangan: null,
  });
  const rows = Array.from({ length: 1_000 }, (_, n) => row(n, 'BINTARA'));
  const create = (job_id: string, personel: object[]) => {
    const job = { job_id, filename: 'a.pdf', source_kind: 'pdf', result: { personel } };
    return call('POST', '/jobs', JSON.stringify(job));
  };
  const correct = (job: string) =>
    secondsOfEach(TRIES, (n) => {
      const correction = { field_path: `personel[${n % 10}].nama`, new_value: `NEW ${n}` };
      return call('POST', `/jobs/${job}/corrections`, JSON.stringify(correction));
    });
  try {
    await create(SMALL_JOB, rows.slice(0, 10));
    await create(JOB, rows);
    const tables = Array.from({ length: TRIES }, (_, n) => {
      rows.splice(500, 0, row(1_000 + n, 'PERWIRA'));
      rows[100 + n]!.nama = `A${n}`;
      rows[800 + n]!.jabatan = `B${n}`;
      return JSON.stringify({ personel: rows });
    });
    const putTable = (n: number) => call('PUT', `/jobs/${JOB}/result?force=true`, tables[n]!);
    return [
      { name: 'one correction, 10 rows', seconds: await correct(SMALL_JOB) },
      { name: 'one correction, 1,000 rows', seconds: await correct(JOB) },
      { name: 'a corrected table of 1,000 rows', seconds: await secondsOfEach(TRIES, putTable) },
    ];
  } finally {
    agent.destroy();
    // The other scenarios count the jobs.
    await query(url, 'delete from jobs where id = any ($1)', [[JOB, SMALL_JOB]]);
  }
}

/** Two versions of a large result, and how many corrections lead from one to the other. */
function* largePairs(): Generator<[name: string, before: object, after: object, corrections: number]> {
  const rows = (count: number) =>
    Array.from({ length: count }, (_, n) => ({
      no: n + 1,
      nama: `NAMA ${(n * 7_919) % 10_007}`,
      nrp: String(70_000_000 + n * 977),
      jabatan: 'BANIT SATLANTAS',
    }));
  const edited = (count: number, every: number) => {
    const after = rows(count).map((row, n) =>
      n % every === 0 ? { ...row, nama: row.nama.toLowerCase() } : row,
    );
    return [
      ...after.slice(0, count / 2),
      { no: 0, nama: 'BARU', nrp: '1', jabatan: '' },
      ...after.slice(count / 2),
    ];
  };
  yield ['1,000 rows, all edited, one inserted', rows(1_000), edited(1_000, 1), 1_001];
  yield ['10,000 rows, half of them edited, one inserted', rows(10_000), edited(10_000, 2), 5_001];
  const members = (first: number) =>
    Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`cell ${first + n}`, first + n]));
  yield ['20,000 members, 2,000 renamed', members(0), members(2_000), 4_000];
  const words = Array.from({ length: 40_000 }, (_, n) => ({ text: `w${n}`, box: [n, n + 1, n + 2, n + 3] }));
  yield ['40,000 words, 1,000 removed', words, words.filter((_, n) => n % 40 !== 0), 1_000];
}

/** Replaces large results, and measures how long `/healthz` takes at most meanwhile. */
async function largeResults(server: Server, { url }: Context): Promise<Measurement[]> {
  const headers = { 'content-type': 'application/json', 'x-user-id': 'bench' };
  const measurements: Measurement[] = [];
  try {
    for (const [name, before, after, corrections] of largePairs()) {
      const replaced: number[] = [];
      const slowest: number[] = [];
      for (let n = 0; n < 3; n++) {
        await query(url, 'delete from jobs where id = $1', [JOB]);
        const job = { job_id: JOB, filename: 'a.pdf', source_kind: 'pdf', result: before };
        await text(await ask(server, '/jobs', { method: 'POST', headers, body: JSON.stringify(job) }));
        const health = watchHealth(server);
        const start = performance.now();
        const options = { method: 'PUT', headers, body: JSON.stringify(after) };
        const answer = await text(await ask(server, `/jobs/${JOB}/result?force=true`, options));
        replaced.push(secondsSince(start));
        slowest.push(await health.stop());
        const recorded = (JSON.parse(answer) as { corrections?: unknown[] }).corrections?.length;
        if (recorded !== corrections)
          throw new Error(
            `${name}: ${String(recorded)} corrections instead of ${corrections}: ${answer.slice(0, 200)}`,
          );
      }
      measurements.push({ name, seconds: replaced }, { name: `${name}: slowest /healthz`, seconds: slowest });
    }
    return measurements;
  } finally {
    // The other scenarios count the jobs.
    await query(url, 'delete from jobs where id = $1', [JOB]);
  }
}

/** Asks for `/healthz` again and again until it is stopped, which gives the longest wait in seconds. */
function watchHealth({ url }: Server): { stop: () => Promise<number> } {
  let isStopped = false;
  const watch = async () => {
    let slowest = 0;
    while (!isStopped) {
      const start = performance.now();
      await (await fetch(`${url}/healthz`)).text();
      slowest = Math.max(slowest, secondsSince(start));
      await sleep(5);
    }
    return slowest;
  };
  const watched = watch();
  return {
    stop: () => {
      isStopped = true;
      return watched;
    },
  };
}

// Started as a program with the name of a scenario and BENCH_CONTEXT, this file runs it once and prints the measurements as JSON.
const { BENCH_CONTEXT } = process.env;
if (BENCH_CONTEXT !== undefined) {
  // An exit by `process.exit` also ends the servers that the process has started; a signal would not.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const measurements = await SCENARIOS[process.argv[2]!]!(JSON.parse(BENCH_CONTEXT) as Context);
  process.stdout.write(`${JSON.stringify(measurements)}\n`);
}
