import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCli } from '../setup/cli.js';
import { runCommand } from '../setup/command.js';
import { insertLargeJobs } from '../setup/corpus.js';
import { cloneDatabase, createTestDatabase, type TestDatabase } from '../setup/database.js';
import { startLocalServer } from '../setup/local-server.js';
import { MARKER } from '../setup/log-watch.js';
import { beginReading, startReader } from '../setup/reader.js';
import { startServer, type TestServer } from '../setup/server.js';

const MAX_EXPORTS = 3;
const EXPORT = '/api/v1/ground-truth/export';
const STATS = '/api/v1/ground-truth/stats';

let database: TestDatabase;
let server: TestServer;

beforeAll(async () => {
  database = await createTestDatabase();
  server = await startServer(environment());
});

afterAll(async () => {
  const end = await server.stop();
  await database.drop();
  expect(end).toMatchObject({ code: 0, signal: null, stdout: Buffer.alloc(0) });
});

function environment(): NodeJS.ProcessEnv {
  return {
    DATABASE_URL: database.url,
    GROUND_TRUTH_POOL_SIZE: String(MAX_EXPORTS + 1),
    GROUND_TRUTH_MAX_EXPORTS: String(MAX_EXPORTS),
  };
}

const fetchText = async (path: string): Promise<string> => (await fetch(server.url + path)).text();

async function expectProblem(response: Response, status: number): Promise<Record<string, unknown>> {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = (await response.json()) as Record<string, unknown>;
  expect(problem).toMatchObject({
    type: expect.stringMatching(/^urn:ground-truth:problem:/) as string,
    title: expect.any(String) as string,
    status,
    detail: expect.any(String) as string,
    instance: new URL(response.url).pathname,
  });
  expect(JSON.stringify(problem)).not.toMatch(/node_modules|select |\.js:|\.ts:/);
  return problem;
}

describe('a small corpus over HTTP', () => {
  /** One of each kind; the last change of number n is on 2025-01-0n. */
  beforeAll(async () => {
    const jobs = [
      ['untouched', '{"a":1}', false, null],
      ['approved', '{"a":{"b":[1.0,1e400,-0]},"a":2}', true, null],
      ['approved without a reviewer', '[]', true, null],
      ['failed', null, false, null],
      ['failed with null', 'null', false, null],
      ['corrected', '{"a":2}', false, `('a', 'replace', '1', '2', null)`],
      ['corrected and approved', '{"a":2}', true, `('a', 'replace', '1', '2', '${MARKER}')`],
      ['with an insertion', '{"a":[1,2]}', true, `('a[1]', 'add', null, '2', null)`],
      ['with a removal', '{"a":[1]}', true, `('a[1]', 'remove', '{"x": null}', null, null)`],
    ] as const;
    for (const [index, [filename, result, approved, correction]] of jobs.entries()) {
      const at = `2025-01-0${index + 1}T12:00:00.5Z`;
      await database.query(
        `with job as (
           insert into jobs (filename, source_kind, result, approved, created_at, review_flags, confidence)
           values ($1, 'pdf', $2::json, $3, $4::timestamptz - interval '30 days', '{low_confidence,"a b"}', 0.5)
           returning id
         )
         insert into job_corrections (job_id, field_path, op, old_value, new_value, reason, corrected_by, corrected_at)
         select id, path, op, old::json, new::json, reason, 'rini', $4::timestamptz
         from job, (values ${correction ?? `('', '', null, null, null)`}) as c (path, op, old, new, reason)
         where ${correction ? 'true' : 'false'}`,
        [filename, result, approved, at],
      );
      if (correction === null)
        await database.query('update jobs set reviewed_at = $2 where filename = $1', [filename, at]);
    }
  });

  afterAll(() => database.clear());

  it('comes as an attachment of JSON lines', async () => {
    const response = await fetch(server.url + EXPORT);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="ground-truth.jsonl"');
    const body = await response.text();
    expect(body).toMatch(/^(\{"job_id":.*\}\n){5}$/);
    expect(body).toContain('"final_result":{"a":{"b":[1.0,1e400,-0]},"a":2}');
  });

  it('has the same bytes over HTTP and from the command for every combination of filters', async () => {
    const combinations = cartesian([
      ['', 'approved_only=False'],
      ['', 'since=2025-01-03T12:00:00.5Z'],
      ['', 'until=2025-01-08T19:00:00%2B07:00'],
      ['', 'has_corrections=true', 'has_corrections=false'],
      ['', 'limit=2'],
    ]);
    const bodies = new Set<string>();
    for (const filters of combinations) {
      const query = filters.filter((filter) => filter !== '');
      const flags = query.map((filter) => `--${decodeURIComponent(filter).replaceAll('_', '-')}`);
      // Those with all filters are given to a process too.
      const ways = query.length === filters.length ? [runCommand, runCli] : [runCommand];
      const body = await fetchText(`${EXPORT}?${query.join('&')}`);
      for (const way of ways) {
        const run = await way(['export', ...flags], { env: environment() });
        expect(run).toMatchObject({ code: 0, stderr: '' });
        expect(run.stdout.toString()).toBe(body);
      }
      expect(namesIn(body)).toEqual(await expectedNames(query));
      bodies.add(body);
    }
    // The filters do make a difference.
    expect(bodies.size).toBeGreaterThan(15);
  });

  it('has the members that are asked for, over HTTP and from the command', async () => {
    const one = await fetchText(`${EXPORT}?approved_only=false&include=history`);
    expect(one.match(/,"confidence":[^,]+,"history":\[/g)).toHaveLength(one.match(/\n/g)!.length);
    const body = await fetchText(`${EXPORT}?approved_only=false&include=all`);
    expect(
      body.match(
        /,"confidence":[^,]+,"external_id":null,"producer":null,"sources":\[\],"fields":null,"history":\[/g,
      ),
    ).toHaveLength(body.match(/\n/g)!.length);
    const run = await runCommand(
      ['export', '--approved-only', 'false', '--include', 'history,fields,sources,producer,external_id'],
      {
        env: environment(),
      },
    );
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout.toString()).toBe(body);
  });

  it('has the samples that all further filters select, over HTTP and from the command, and stats count them', async () => {
    await database.query(
      `update jobs set source_kind = 'image', reviewed_by = 'budi & "co"', confidence = 0.25, review_flags = '{blurred}'
       where filename in ('corrected', 'with a removal')`,
    );
    const filters = new URLSearchParams({
      source_kind: 'image',
      flag: 'blurred',
      reviewed_by: 'budi & "co"',
      confidence_gte: '0.25',
      confidence_lt: '0.5',
      approved_only: 'false',
    });
    const flags = [...filters].map(([name, value]) => `--${name.replaceAll('_', '-')}=${value}`);
    const body = await fetchText(`${EXPORT}?${String(filters)}`);
    expect(namesIn(body)).toEqual(['corrected', 'with a removal']);
    const exported = await runCommand(['export', ...flags], { env: environment() });
    expect(exported).toMatchObject({ code: 0, stderr: '', stdout: Buffer.from(body) });
    const counts = await fetchText(`${STATS}?${String(filters)}`);
    expect(JSON.parse(counts)).toEqual({
      total_jobs: 2,
      approved_jobs: 1,
      total_corrections: 2,
      jobs_with_corrections: 2,

      top_corrected_fields: [
        { field_path: 'a', count: 1 },
        { field_path: 'a[1]', count: 1 },
      ],
      producers: [],
    });
    const counted = await runCommand(['stats', '--json', ...flags], { env: environment() });
    expect(counted).toMatchObject({ code: 0, stderr: '', stdout: Buffer.from(`${counts}\n`) });
  });

  it('refuses to continue a download, of which the beginning may be older', async () => {
    const response = await fetch(server.url + EXPORT, { headers: { range: 'bytes=100-' } });
    const { detail } = await expectProblem(response, 400);
    expect(detail).toContain('from the beginning');
  });

  it('is counted by stats', async () => {
    const response = await fetch(server.url + STATS);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json\b/);
    const expected = {
      total_jobs: 9,
      approved_jobs: 5,
      total_corrections: 4,
      jobs_with_corrections: 4,

      top_corrected_fields: [
        { field_path: 'a', count: 2 },
        { field_path: 'a[1]', count: 2 },
      ],
      producers: [],
    };
    const body = await response.text();
    expect(body).toBe(JSON.stringify(expected));
    const run = await runCommand(['stats', '--json'], { env: environment() });
    expect(run).toMatchObject({ code: 0, stderr: '', stdout: Buffer.from(`${body}\n`) });
    expect(JSON.parse(await fetchText(`${STATS}?top_n=1&collapse_indices=true`))).toEqual({
      ...expected,
      top_corrected_fields: [{ field_path: 'a', count: 2 }],
      producers: [],
    });
  });

  it('is described by HEAD without a body', async () => {
    const response = await fetch(server.url + EXPORT, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="ground-truth.jsonl"');
    expect(await response.text()).toBe('');
    expect((await fetch(`${server.url}${EXPORT}?limit=0`, { method: 'HEAD' })).status).toBe(400);
  });

  /** What the filters mean, said once more. */
  async function expectedNames(query: readonly string[]): Promise<string[]> {
    const given = new URLSearchParams(query.join('&'));
    const rows = await database.query<{ filename: string }>(
      `select filename from jobs
       where (not $1 or approved)
         and greatest(created_at, reviewed_at, (select max(corrected_at) from job_corrections where job_id = jobs.id))
           between coalesce($2::timestamptz, '-infinity') and coalesce($3::timestamptz - interval '1 microsecond', 'infinity')
         and ($4::boolean is null or $4 = exists (select from job_corrections where job_id = jobs.id))
       order by created_at, id limit $5`,
      [
        given.get('approved_only') !== 'False',
        given.get('since'),
        given.get('until'),
        given.get('has_corrections'),
        given.get('limit'),
      ],
    );
    return rows.map(({ filename }) => filename);
  }
});

describe('a request that is not accepted', () => {
  it.each([
    [EXPORT, 'approved_only', 'yes', 'true, false, 1 or 0'],
    [EXPORT, 'approved_only', '', 'true, false, 1 or 0'],
    [EXPORT, 'has_corrections', 'on', 'true, false, 1 or 0'],
    [EXPORT, 'since', 'yesterday', 'RFC 3339'],
    [EXPORT, 'since', '2025-06-01T00:00:00', 'offset'],
    [EXPORT, 'since', '2025-06-01T00:00:00 07:00', '%2B'],
    [EXPORT, 'until', '2025-06-31', 'exists'],
    [EXPORT, 'until', '2025-06-01T00:00:60Z', 'leap second'],
    [EXPORT, 'limit', '0', 'a whole number of at least 1'],
    [EXPORT, 'limit', '1.0', 'a whole number of at least 1'],
    [EXPORT, 'include', 'history,', 'all, or one or more of external_id, producer, sources, fields, history'],
    [EXPORT, 'limit', '%zz', 'a whole number of at least 1'],
    [STATS, 'top_n', '1001', 'a whole number from 1 to 1000'],
    [STATS, 'top_n', '-1', 'a whole number from 1 to 1000'],
    [STATS, 'collapse_indices', '2', 'true, false, 1 or 0'],
  ])(
    '%s?%s=%s: the problem names parameter, value and what is accepted',
    async (path, name, value, accepted) => {
      const raw = value === '%zz' ? value : encodeURIComponent(value);
      const problem = await expectProblem(await fetch(`${server.url}${path}?${name}=${raw}`), 400);
      const [error, ...others] = problem.errors as { field: string; message: string }[];
      expect(others).toEqual([]);
      expect(error?.field).toBe(name);
      expect(error?.message).toContain(JSON.stringify(value));
      expect(error?.message).toContain(accepted);
    },
  );

  it.each([
    [
      `${EXPORT}?limt=5`,
      'limt',
      'is not known; accepted are approved_only, limit, include, since, until, has_corrections, source_kind, flag, reviewed_by, producer, confidence_gte, confidence_lt',
    ],
    [
      `${EXPORT}?top_n=5`,
      'top_n',
      'is not known; accepted are approved_only, limit, include, since, until, has_corrections, source_kind, flag, reviewed_by, producer, confidence_gte, confidence_lt',
    ],
    [
      `${STATS}?limit=5`,
      'limit',
      'is not known; accepted are approved_only, top_n, collapse_indices, weeks, since',
    ],
    [
      `${EXPORT}?confidence_gte=0.5&confidence_lt=0.5`,
      'confidence_gte',
      '0.5 is not below confidence_lt, 0.5',
    ],
    [`${EXPORT}?confidence_lt=2`, 'confidence_lt', '"2" is not a number from 0 to 1'],
    [`${EXPORT}?flag=`, 'flag', '"" is not text'],
    [`${EXPORT}?limit=5&limit=5`, 'limit', 'more than once'],
    [`${EXPORT}?approved_only=true&approved_only=false`, 'approved_only', 'more than once'],
    [`${EXPORT}?include=history&include=history`, 'include', 'more than once'],
    [`${EXPORT}?since=2025-01-01&since=2025-01-01`, 'since', 'more than once'],
    [`${EXPORT}?limit[]=5`, 'limit[]', 'is not known'],
    [`${EXPORT}?__proto__=5`, '__proto__', 'is not known'],
    [`${EXPORT}?constructor=5`, 'constructor', 'is not known'],
    [`${EXPORT}?since=2025-06-01&until=2025-06-01`, 'since', '2025-06-01T00:00:00Z is not before until'],
    [`${EXPORT}?since=2025-06-01T00:00:00+07:00`, 'since', 'a plus is written %2B'],
  ])('%s is refused because of %s', async (path, field, message) => {
    const problem = await expectProblem(await fetch(server.url + path), 400);
    expect(problem.errors).toEqual([{ field, message: expect.stringContaining(message) as string }]);
  });

  it('names all parameters at fault', async () => {
    const problem = await expectProblem(await fetch(`${server.url}${EXPORT}?limit=x&since=y&until=z`), 400);
    expect((problem.errors as { field: string }[]).map(({ field }) => field)).toEqual([
      'limit',
      'since',
      'until',
    ]);
  });

  it.each([
    '/nothing',
    '/assets/nothing.js',
    '/assets/..%2f..%2fsrc%2fmain.js',
    '/samples/a/b',
    '/api/v1/nothing',
    '/api/v1/%zz',
    `${EXPORT}/1`,
  ])('GET %s is a problem', async (path) => {
    const response = await fetch(server.url + path);
    expect([400, 404]).toContain(response.status);
    await expectProblem(response, response.status);
  });

  it('answers POST to the export with 405', async () => {
    await expectProblem(await fetch(server.url + EXPORT, { method: 'POST' }), 405);
  });
});

describe('a large corpus', () => {
  const COUNT = 1_500;
  const SIZE = 20_000;

  beforeAll(() => insertLargeJobs(database, COUNT, SIZE));
  afterAll(() => database.clear());

  it.each(['1.0', '1.1'] as const)(
    'is an error for a reader of HTTP/%s when it fails on the way',
    async (version) => {
      const reader = startReader(version, server.url + EXPORT);
      await once(reader.stdout, 'readable');
      await terminateExports();
      reader.stdout.resume();
      const [code] = (await once(reader, 'close')) as [number];
      expect(code).toBeGreaterThan(0);
    },
  );

  it('frees the database connections of readers that go away', async () => {
    for (let i = 0; i < MAX_EXPORTS * 3; i++) (await beginReading(server.url + EXPORT)).destroy();
    await untilNoTransferRuns();
    expect(JSON.parse(await fetchText(STATS))).toMatchObject({ total_jobs: COUNT });
  });

  it('frees the database connections of readers that go away before the first byte', async () => {
    // An export counts until its entry is in the access log, which is after its connection is free.
    await untilNoTransferRuns();
    const runner = database.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query('lock table jobs in access exclusive mode');
    const begin = () =>
      Array.from({ length: MAX_EXPORTS }, () => get(server.url + EXPORT).on('error', () => undefined));
    const first = begin();
    await until(async () => (await countExports()) === MAX_EXPORTS);
    for (const request of first) request.destroy();
    await untilNoTransferRuns();
    // PostgreSQL stops waiting for the lock, too.
    await untilNoExportRuns();
    const second = begin();
    await until(async () => (await countExports()) === MAX_EXPORTS);
    for (const request of second) request.destroy();
    await runner.rollbackTransaction();
    await runner.release();
    await untilNoTransferRuns();
    expect(JSON.parse(await fetchText(STATS))).toMatchObject({ total_jobs: COUNT });
  });

  it('is sent whole to a slow reader', async () => {
    const response = await beginReading(server.url + EXPORT);
    expect(await countExports()).toBe(1);
    let bytes = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) bytes += chunk.length;
    expect(response.complete).toBe(true);
    expect(bytes).toBeGreaterThan(COUNT * SIZE * 2);
  });

  it('is reset when it takes longer than the server waits at its end', async () => {
    const other = await startServer({ ...environment(), GROUND_TRUTH_SHUTDOWN_SECONDS: '1' });
    const response = await beginReading(other.url + EXPORT);
    const reset = endOf(response);
    const end = await other.stop('SIGINT');
    response.resume();
    expect(await reset).toBe('ECONNRESET');
    expect(end).toMatchObject({ code: 0, signal: null });
    await untilNoExportRuns();
  });

  /** Listens from now on: an error may come while nobody reads. */
  function endOf(response: IncomingMessage): Promise<string> {
    return new Promise((resolve) => {
      response.once('error', (error: NodeJS.ErrnoException) => {
        resolve(error.code ?? error.message);
      });
      response.once('end', () => {
        resolve('an ordinary end');
      });
    });
  }
});

const EXPORTS = `datname = current_database() and state = 'active' and query like 'copy %'`;

async function terminateExports(): Promise<void> {
  const rows = await database.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where ${EXPORTS}`,
  );
  expect(rows).toHaveLength(1);
  await untilNoExportRuns();
}

async function countExports(): Promise<number> {
  return (await database.query(`select from pg_stat_activity where ${EXPORTS}`)).length;
}

function untilNoExportRuns(): Promise<void> {
  return until(async () => (await countExports()) === 0);
}

function untilNoTransferRuns(): Promise<void> {
  return until(async () => (await fetchText('/metrics')).includes('\nground_truth_transfers_running 0\n'));
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20);
}

describe('a server without its database', () => {
  it('answers 503, serves HEAD and the documentation, and ends properly', async () => {
    const gone = await createTestDatabase();
    const orphan = await startServer({ DATABASE_URL: gone.url });
    await fetch(orphan.url + STATS);
    await gone.drop();
    for (const path of [EXPORT, STATS]) {
      const problem = await expectProblem(await fetch(orphan.url + path), 503);
      expect(JSON.stringify(problem)).not.toContain('ground_truth_test');
    }
    // Were it to ask the database, it could not answer.
    expect((await fetch(orphan.url + EXPORT, { method: 'HEAD' })).status).toBe(200);
    expect((await fetch(`${orphan.url}/openapi.json`)).status).toBe(200);
    expect((await fetch(`${orphan.url}/docs`)).status).toBe(200);
    expect(await orphan.stop()).toMatchObject({ code: 0, signal: null });
  });

  it('migrates a database without tables when GROUND_TRUTH_MIGRATE is true', async () => {
    const { url, drop } = await cloneDatabase('template0');
    const before = await startLocalServer({ DATABASE_URL: url });
    await expectProblem(await fetch(before.url + STATS), 503);
    await before.stop();
    const after = await startLocalServer({ DATABASE_URL: url, GROUND_TRUTH_MIGRATE: 'true' });
    expect((await fetch(after.url + STATS)).status).toBe(200);
    await after.stop();
    await drop();
  });
});

it('serve fails with one line where the port is in use', async () => {
  const run = await runCommand(['serve', '--port', String(server.port)], { env: environment() });
  expect(run).toMatchObject({ code: 1, stdout: Buffer.alloc(0) });
  expect(run.stderr).toMatch(
    /^ground-truth: cannot listen on 127\.0\.0\.1:[0-9]+: the address is in use.*\n$/,
  );
});

function namesIn(corpus: string): string[] {
  return corpus
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { filename: string }).filename);
}

function cartesian(choices: readonly (readonly string[])[]): string[][] {
  return choices.reduce<string[][]>(
    (rows, options) => rows.flatMap((row) => options.map((option) => [...row, option])),
    [[]],
  );
}
