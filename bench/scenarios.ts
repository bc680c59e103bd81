import { once } from 'node:events';
import { rm, stat } from 'node:fs/promises';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { query } from './database.js';
import { type Measurement, measure, secondsOfEach, secondsSince } from './measurement.js';
import { ask, exportPath, readSlowly, runProgram, type Server, startServer } from './program.js';

export interface Context {
  /** Of the database. */
  readonly url: string;
  /** The settings by which the program finds it. */
  readonly programEnv: Readonly<Record<string, string>>;
  readonly jobs: number;
  /** For files that are written and removed. */
  readonly folder: string;
}

type Scenario = (context: Context) => Promise<Measurement[]>;

/** What needs Nest or TypeORM is loaded when it runs, so that the memory of the others does not hold them. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  import: async (context) => (await import('./services.js')).importCorpus(context),
  floor,
  service: async () => (await import('./services.js')).exportAll('service'),
  recorded: async () => (await import('./services.js')).exportAll('recorded'),
  cli,
  http: withServer(http),
  typeorm: async (context) => (await import('./typeorm.js')).typeorm(context),
  'typeorm-two-finds': async (context) => (await import('./typeorm.js')).typeormTwoFinds(context),
  stats: async () => (await import('./services.js')).statistics(),
  'first-byte': withServer(firstByte),
  review: withServer(review),
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

/** What it takes to have the rows in this process, in order, and to do nothing with them. */
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

/** The driver hands over each row, as it does to the export. */
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

/** The program that writes the corpus to a file, from the start of the process to its end. */
async function cli({ programEnv, folder, jobs }: Context): Promise<Measurement[]> {
  const file = path.join(folder, 'corpus.jsonl');
  const args = ['export', '--approved-only', 'false', '--out', file];
  try {
    // The same process with hardly anything to export shows what it holds without the export.
    const { peakRss: rssBefore } = await runProgram(programEnv, [...args, '--limit', '1']);
    const { seconds, peakRss } = await runProgram(programEnv, args);
    const { size: bytes } = await stat(file);
    return [{ name: 'cli', seconds: [seconds], bytes, samples: jobs, rssBefore, peakRss }];
  } finally {
    await rm(file, { force: true });
  }
}

/** Commands with little or nothing to do, on a database that runs. */
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

/** The corpus over loopback, from the request to its last byte. */
async function http(server: Server, { jobs }: Context): Promise<Measurement[]> {
  const rssBefore = server.memory()?.now;
  const start = performance.now();
  const bytes = await discardCorpus(server);
  const seconds = [secondsSince(start)];
  return [{ name: 'http', seconds, bytes, samples: jobs, rssBefore, peakRss: server.memory()?.peak }];
}

/**
 * Reads a corpus from a bare socket, since the reader shares the cores with the server and an HTTP client would cost more. In
 * HTTP/1.0 the body is all that follows the head, up to the end of the connection.
 *
 * @returns the bytes of the body
 * @throws Error where the server refuses or breaks off
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
  // A server that breaks off resets the connection.
  await once(socket, 'close');
  if (!head.startsWith('HTTP/1.1 200 ')) throw new Error(`the server refused: ${head.slice(0, 200)}`);
  return bytes - head.indexOf('\r\n\r\n') - 4;
}

/** From the request, on a connection of its own, to the first byte of the body, by what is asked for. */
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
  const open = async (asked: object) => {
    const body = await openCorpus(server, asked);
    await once(body, 'data');
    return body;
  };
  // The first answer of a server also compiles its code.
  (await open({ limit: '1' })).destroy();
  const measurements: Measurement[] = [];
  for (const [name, asked] of Object.entries(cases)) {
    const seconds: number[] = [];
    for (let n = 0; n < 10; n++) {
      // By then the export before has given its connection back, and does not compete with this one.
      await sleep(50);
      const start = performance.now();
      const body = await open(asked[n % asked.length]!);
      seconds.push(secondsSince(start));
      body.destroy();
    }
    measurements.push({ name: `first byte: ${name}`, seconds });
  }
  return measurements;
}

/** Windows that hold 1% of the jobs each: the newest changes, the oldest, and three in between. */
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

async function openCorpus(server: Server, asked: object) {
  const response = await ask(server, exportPath(asked));
  if (response.statusCode !== 200)
    throw new Error(`the server answered ${String(response.statusCode)} to ${JSON.stringify(asked)}`);
  return response;
}

/** What the server holds while a reader takes 1 MB/s: its most in the first 5 of 15 seconds, when buffers fill, and after. */
async function slowReader(server: Server): Promise<Measurement[]> {
  const body = await openCorpus(server, { approved_only: 'false' });
  const start = performance.now();
  const most = { early: 0, late: 0 };
  let bytes = 0;
  for await (const chunk of readSlowly(body, 1_000_000)) {
    bytes += chunk.length;
    const phase = secondsSince(start) < 5 ? 'early' : 'late';
    most[phase] = Math.max(most[phase], server.memory()?.now ?? 0);
    if (secondsSince(start) >= 15) break;
  }
  const measured = { name: 'slow reader', seconds: [secondsSince(start)], bytes };
  // A corpus that is read within the first seconds shows nothing.
  return [most.late === 0 ? measured : { ...measured, rssBefore: most.early, peakRss: most.late }];
}

const ROWS = 1_000;
const FEW_ROWS = 10;
const JOB = '00000000-0000-7000-8000-0000000be4c0';
const SMALL_JOB = '00000000-0000-7000-8000-0000000be4c1';

/** One correction, in a small and in a large document, and a whole corrected table with a row more and two cells changed. */
async function review(server: Server, { url }: Context): Promise<Measurement[]> {
  const agent = new Agent({ keepAlive: true });
  const headers = { 'content-type': 'application/json', 'x-user-id': 'bench' };
  const call = async (method: string, target: string, body: string) => {
    const response = await ask(server, target, { method, agent, headers, body });
    const answer = await text(response);
    if (response.statusCode !== 201) throw new Error(`${method} ${target}: ${answer}`);
  };
  const timed = (method: string, target: string, bodyOf: (n: number) => object) => {
    const prepare = (n: number) => JSON.stringify(bodyOf(n));
    return secondsOfEach(50, (body) => call(method, target, body), prepare);
  };
  const others = { jabatan: 'BANIT SATLANTAS', keterangan: null };
  const row = (n: number, pangkat: string) => ({
    pangkat,
    nrp: String(70_000_000 + n),
    nama: `NAMA ${n}`,
    ...others,
  });
  const create = (job_id: string, personel: object[]) => {
    const job = { job_id, filename: 'bench.pdf', source_kind: 'pdf', result: { personel } };
    return call('POST', '/jobs', JSON.stringify(job));
  };
  const correction = (n: number) => ({ field_path: `personel[${n % FEW_ROWS}].nama`, new_value: `NEW ${n}` });
  try {
    const rows = Array.from({ length: ROWS }, (_, n) => row(n, 'BINTARA'));
    await create(JOB, rows);
    await create(SMALL_JOB, rows.slice(0, FEW_ROWS));
    const small = await timed('POST', `/jobs/${SMALL_JOB}/corrections`, correction);
    const large = await timed('POST', `/jobs/${JOB}/corrections`, correction);
    const table = await timed('PUT', `/jobs/${JOB}/result`, (n) => {
      rows.splice(ROWS / 2, 0, row(ROWS + n, 'PERWIRA'));
      rows[100 + n]!.nama = `A${n}`;
      rows[800 + n]!.jabatan = `B${n}`;
      return { personel: rows };
    });
    return [
      { name: `one correction, ${FEW_ROWS} rows`, seconds: small },
      { name: 'one correction, 1,000 rows', seconds: large },
      { name: 'a corrected table of 1,000 rows', seconds: table },
    ];
  } finally {
    agent.destroy();
    // The other scenarios count the jobs.
    await query(url, 'delete from jobs where id = any ($1)', [[JOB, SMALL_JOB]]);
  }
}

// Started as a program, with a scenario's name and BENCH_CONTEXT: runs it once and prints its measurements as JSON.
const { BENCH_CONTEXT } = process.env;
if (BENCH_CONTEXT !== undefined) {
  // Only a process that ends by itself takes the servers along that it has started.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const measurements = await SCENARIOS[process.argv[2]!]!(JSON.parse(BENCH_CONTEXT) as Context);
  process.stdout.write(`${JSON.stringify(measurements)}\n`);
}
