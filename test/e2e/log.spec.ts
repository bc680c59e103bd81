import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { type Answer, apiOf, type Asked } from '../setup/api.js';
import { type CliRun, runCli } from '../setup/cli.js';
import { runCommand } from '../setup/command.js';
import { sampleLine } from '../setup/corpus.js';
import { createPipelineDatabase, externalSettings } from '../setup/external.js';
import { bearer } from '../setup/keys.js';
import { findLeaks, MARKER } from '../setup/log-watch.js';
import { beginReading } from '../setup/reader.js';
import { startServer, type TestServer } from '../setup/server.js';

const JOB = '0197a1b2-0000-7000-8000-000000000001';
const RESULT = JSON.stringify({ [MARKER]: { nrp: MARKER }, rows: [MARKER, { a: MARKER }] });
const NEVER_MADE = `gt_${'k'.repeat(43)}`;

let folder: string;
let env: NodeJS.ProcessEnv;
let server: TestServer;
let client: Client;
/** Of a key that opens everything. */
let secret: string;
/** All that commands said on standard error. */
let said = '';
const call = apiOf(() => server);

beforeAll(async () => {
  // Short, since PostgreSQL's socket lies in it.
  folder = await mkdtemp(path.join(tmpdir(), 'gt-'));
  env = { GROUND_TRUTH_DATA_DIR: folder };
  secret = (await run(['api-key', 'create', '--name', 'first', '--scope', 'admin'])).stdout.toString().trim();
  server = await startServer({
    ...env,
    GROUND_TRUTH_AUTH: 'required',
    GROUND_TRUTH_LOG_LEVEL: 'debug',
    GROUND_TRUTH_MAX_BODY_MB: '1',
  });
  client = new Client({ host: path.join(folder, 'run'), user: 'ground_truth', database: 'ground_truth' });
  client.on('error', () => undefined);
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function run(args: readonly string[], input = '', settings = env): Promise<CliRun> {
  const end = await runCommand(args, { env: settings, input });
  said += end.stderr;
  return end;
}

/** With the key, and by somebody whose name is in no log either. */
const ask = (method: string, at: string, { headers, ...asked }: Asked = {}): Promise<Answer> =>
  call(method, at, { user: `rini.${MARKER}`, ...asked, headers: { ...bearer(secret), ...headers } });

const create = (members: Record<string, unknown> = {}) =>
  ask('POST', '/jobs', {
    body: JSON.stringify({
      job_id: JOB,
      filename: `${MARKER}.pdf`,
      source_kind: MARKER,
      review_flags: [MARKER],
      result: JSON.parse(RESULT) as unknown,
      ...members,
    }),
  });

/** All that reviewers do, in an order in which it can be done. */
const review = async (): Promise<number[]> => {
  const correction = JSON.stringify({ field_path: `${MARKER}.nrp`, new_value: `1${MARKER}`, reason: MARKER });
  const answers = [
    await create(),
    await ask('POST', `/jobs/${JOB}/corrections`, { body: correction }),
    await ask('PUT', `/jobs/${JOB}/result?dry_run=true`, { body: `["${MARKER}"]` }),
    await ask('PUT', `/jobs/${JOB}/result?force=true`, { body: `["${MARKER}"]` }),
    await ask('PUT', `/jobs/${JOB}/approval`),
    await ask('DELETE', `/jobs/${JOB}/approval`),
    await ask('PUT', `/jobs/${JOB}/approval`),
    await ask('POST', '/jobs/batch', {
      body: `${JSON.stringify({ filename: MARKER, source_kind: MARKER, result: [MARKER] })}\n`,
      headers: { 'content-type': 'application/x-ndjson' },
    }),
    await ask('GET', `/jobs?sort=confidence`),
    await ask('GET', `/jobs/${JOB}`),
    await ask('GET', `/jobs/${JOB}/corrections`),
    await ask('GET', `/ground-truth/samples/${JOB}`),
    await ask('GET', '/ground-truth/stats'),
    await ask('GET', '/ground-truth/export?approved_only=false'),
  ];
  return answers.map(({ status }) => status);
};

/** Each route that the document has, with what it takes for a body. */
async function operations(): Promise<{ method: string; at: string; mediaType: string | undefined }[]> {
  const { paths } = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { requestBody?: { content: object } }>>;
  };
  return Object.entries(paths)
    .filter(([at]) => at.startsWith('/api/v1'))
    .flatMap(([at, methods]) =>
      Object.entries(methods).map(([method, { requestBody }]) => ({
        method: method.toUpperCase(),
        at: at.replace('/api/v1', ''),
        mediaType: Object.keys(requestBody?.content ?? {})[0],
      })),
    );
}

it('the log watch finds what it looks for', async () => {
  expect(findLeaks(`{"level":"info"}\nbefore ${MARKER} after\n${NEVER_MADE}\n`)).toEqual([
    `before ${MARKER} after`,
    'gt_(a secret)',
  ]);
  expect(findLeaks(`gt_${'k'.repeat(42)}\n${MARKER.slice(1)}\n`)).toEqual([]);
  const unlike = `no-such-command-${randomUUID()}`;
  await runCli([unlike]);
  expect(await readFile(path.join(process.env.GROUND_TRUTH_TEST_LOGS!, 'log.spec.ts.log'), 'utf8')).toContain(
    unlike,
  );
});

describe('a server, commands and the embedded database log no content of documents and no secret', () => {
  beforeEach(() => client.query('delete from jobs'));

  it('in all that reviewers and pipelines do', async () => {
    expect(await review()).toEqual([201, 201, 200, 201, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200]);
    expect((await create({ filename: `other ${MARKER}` })).status).toBe(409);
  });

  it('in requests that are not accepted, on every route', async () => {
    const statuses = new Set<number>();
    for (const at of ['/healthz', '/readyz', '/metrics', `/docs/${MARKER}`, `/${MARKER}`])
      await fetch(`${server.url}${at}?${MARKER}=${MARKER}`);
    for (const { method, at, mediaType } of await operations()) {
      const known = at.replace('{id}', JOB);
      const asked: [string, Asked][] = [
        [at.replace('{id}', MARKER), {}],
        [`${known}?${MARKER}=${MARKER}&limit=${MARKER}&since=${MARKER}`, {}],
        [known, { headers: { authorization: `Bearer ${MARKER}` } }],
        [known, { headers: { authorization: `Bearer ${NEVER_MADE}` } }],
        [known, { headers: { authorization: `Basic ${MARKER} ${secret}` } }],
        [known, { user: `two words ${MARKER}`, headers: { 'if-match': MARKER, 'x-request-id': secret } }],
      ];
      for (const body of [
        `{"${MARKER}": ${MARKER}`,
        `"${MARKER}"`,
        `{"${MARKER}":"${MARKER}","field_path":["${MARKER}"],"filename":{"a":"${MARKER}"},"created_at":"${MARKER}"}`,
        `{"field_path":"${MARKER}[","new_value":"${MARKER}"}`,
        `{"field_path":"${MARKER}","new_value":"${MARKER}"}`,
        `"${MARKER}${'x'.repeat(1_100_000)}"`,
      ]) {
        for (const type of mediaType === undefined ? [] : [mediaType, `text/${MARKER}`])
          asked.push([known, { body, headers: { 'content-type': type } }]);
        asked.push([known, { body, headers: { 'content-encoding': 'gzip' } }]);
      }
      for (const [where, how] of asked) {
        if (method === 'GET' && how.body !== undefined) continue;
        statuses.add((await ask(method, where, how)).status);
      }
    }
    expect([...statuses]).toEqual(expect.arrayContaining([400, 401, 404, 413, 415]));
  });

  it.each([
    [
      'alter table jobs add check (filename is null) not valid',
      'alter table jobs drop constraint jobs_filename_check',
    ],
    ['alter table jobs alter source_kind type varchar(5)', 'alter table jobs alter source_kind type text'],
    ['alter table jobs rename column filename to file', 'alter table jobs rename column file to filename'],
    ['alter table job_corrections rename to gone', 'alter table gone rename to job_corrections'],
    [
      `create function fail() returns trigger language plpgsql as $$ begin raise 'no' using errcode = 'data_exception', detail = new; end $$;
       create trigger fail before insert on jobs for each row execute function fail()`,
      'drop trigger fail on jobs; drop function fail',
    ],
  ])('in a database with another schema: %s', async (damage, repair) => {
    await client.query(damage);
    try {
      expect((await review()).filter((status) => status === 500 || status === 503)).not.toEqual([]);
      const line = sampleLine({ filename: MARKER, source_kind: MARKER, review_flags: [MARKER] });
      expect((await run(['import', '-'], line)).code).toBe(1);
    } finally {
      await client.query(repair);
    }
  });

  it('in exports that end in the middle', async () => {
    await client.query(
      `insert into jobs (filename, source_kind, result)
       select '${MARKER}' || n, '${MARKER}', json_build_object('${MARKER}', repeat('${MARKER}', 2000))
       from generate_series(1, 1000) as n`,
    );
    const address = `${server.url}/api/v1/ground-truth/export?approved_only=false`;
    const response = await beginReading(address, bearer(secret));
    const failed = once(response, 'error');
    const { rowCount } = await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where state = 'active' and query like 'copy %'`,
    );
    expect(rowCount).toBe(1);
    response.resume();
    await failed;
  });

  it('in commands', async () => {
    await review();
    const bad = [
      '{',
      `"${MARKER}"`,
      sampleLine({ job_id: MARKER, created_at: MARKER, approved: MARKER, confidence: MARKER }),
      sampleLine({ filename: [MARKER], review_flags: MARKER, reviewed_at: MARKER, corrections: MARKER }),
      sampleLine({ corrections: [{ field_path: `${MARKER}[`, op: MARKER, corrected_at: MARKER }] }),
      sampleLine({}, { initial_result: `{"a":"${MARKER}"}`, final_result: `{"a":${MARKER}}` }),
      sampleLine({ initial_result: MARKER, final_result: `other ${MARKER}` }),
    ];
    const runs = [
      await run(['import', '-'], bad.map((line) => line.trim()).join('\n')),
      await run(['import', '-'], sampleLine({ job_id: JOB })),
      await run(['export', '--out', path.join(folder, 'none', 'corpus.jsonl')]),
      await run(['export', '--out', path.join(folder, 'corpus.jsonl'), '--approved-only', 'false']),
      await run(['verify']),
      await run(['erase', JOB]),
      await run(['erase', JOB]),
      await run(['api-key', 'revoke', NEVER_MADE]),
      await run(['stats'], '', { DATABASE_URL: `postgres://x:${MARKER}@127.0.0.1:1/x` }),
      await run(['stats'], '', { DATABASE_URL: `nonsense://x:${MARKER}@127.0.0.1:1/x` }),
    ];
    expect(runs.map(({ code }) => code)).toEqual([1, 1, 1, 0, 0, 0, 1, 1, 1, 2]);
  });

  it('in external tables', async () => {
    const pipeline = await createPipelineDatabase();
    const settings = externalSettings(pipeline.url);
    const other = await startServer({ ...settings, GROUND_TRUTH_LOG_LEVEL: 'debug' });
    try {
      await pipeline.client.query(
        `insert into ocr.jobs values ('${JOB}', '${MARKER}', '${MARKER}', '{"a":"${MARKER}"}', true, '${MARKER}', null, '{${MARKER}}', 0.5, '2025-01-01Z')`,
      );
      for (const [column, value] of [
        ['confidence', '5'],
        ['result', `null`],
        ['review_flags', `'{{${MARKER}}}'`],
        ['created_at', `'infinity'`],
      ]) {
        await pipeline.client.query(`begin; update ocr.jobs set ${column!} = ${value!}; commit`);
        expect((await fetch(`${other.url}/api/v1/ground-truth/export`)).status).toBe(500);
      }
      expect((await run(['export'], '', settings)).code).toBe(1);
    } finally {
      const { stderr } = await other.stop();
      await pipeline.drop();
      said += stderr;
    }
  });

  it('as their logs of all this show', async () => {
    const { stderr } = await server.stop();
    const postgres = await readFile(path.join(folder, 'postgres.log'), 'utf8');
    // They did log, and the worst of it.
    const provoked = [
      stderr.includes('"level":"debug"'),
      /"level":"error".* failed: .*23514/.test(stderr),
      stderr.includes('"outcome":"failed"'),
      said.includes('SQLSTATE 23514'),
      postgres.includes('violates check constraint'),
    ];
    expect(provoked).toEqual(provoked.map(() => true));
    expect(findLeaks(stderr)).toEqual([]);
    expect(findLeaks(said)).toEqual([]);
    expect(findLeaks(postgres)).toEqual([]);
  });
});
