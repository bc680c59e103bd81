import { once } from 'node:events';
import http from 'node:http';
import { connect, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, apiOf } from '../setup/api.js';
import { runCli } from '../setup/cli.js';
import { importText, parseLines, sampleLine } from '../setup/corpus.js';
import { cloneDatabase, createTestDatabase, type TestDatabase } from '../setup/database.js';
import { MARKER } from '../setup/log-watch.js';
import { startReader } from '../setup/reader.js';
import { startServer, type TestServer } from '../setup/server.js';
import { accessLogIn } from '../setup/keys.js';

let database: TestDatabase;
let env: NodeJS.ProcessEnv;
let server: TestServer;
const call = apiOf(() => server);

beforeAll(async () => {
  database = await createTestDatabase();
  env = { DATABASE_URL: database.url };
});
afterAll(() => database.drop());

describe('kill -9 of the server in the middle of exports', () => {
  // What gzip makes next to nothing of could be sent whole before the server is killed: its reader would wait for a failure
  // that never comes.
  beforeAll(() =>
    database.query(
      `insert into jobs (filename, source_kind, result)
       select '${MARKER}', 'pdf', json_build_object('text', '${MARKER}' ||
         (select string_agg(md5(g::text || n::text), '') from generate_series(1, 625) as n))
       from generate_series(1, 1500) as g`,
    ),
  );
  afterAll(() => database.clear());

  it('is an error for their readers, leaves them in the access log without an outcome, and does not stop the next server', async () => {
    const ownSessions = await sessions();
    server = await startServer(env);
    const address = `${server.url}/api/v1/ground-truth/export?approved_only=false`;
    const reader = startReader('1.1', address);
    const request = http.get(address, { agent: false, headers: { 'accept-encoding': 'gzip' } });
    request.on('error', () => undefined);
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    const failed = once(response, 'error');
    await once(reader.stdout, 'readable');
    expect((await sessions()).length).toBeGreaterThan(ownSessions.length);

    expect(await server.stop('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
    response.resume();
    await failed;
    reader.stdout.resume();
    const [code] = (await once(reader, 'close')) as [number];
    expect(code).toBeGreaterThan(0);

    while ((await sessions()).some((pid) => !ownSessions.includes(pid))) await sleep(20);
    const logged = await accessLogIn(database.dataSource).list(10);
    expect(logged.map(({ via, outcome, ended_at }) => [via, outcome, ended_at])).toEqual([
      ['http', null, null],
      ['http', null, null],
    ]);
    const listed = await runCli(['access-log'], { env });
    expect(listed.stdout.toString().match(/running or died/g)).toHaveLength(2);

    server = await startServer(env);
    const whole = await call('GET', '/ground-truth/export?approved_only=false');
    expect(parseLines(whole.text)).toHaveLength(1500);
    expect(await server.stop()).toMatchObject({ code: 0, signal: null });
  });

  // In HTTP/1.0 the end of the connection is the end of the answer, so only the last line tells.
  it('leaves an answer of the feed without its last line, which merge refuses', async () => {
    server = await startServer(env);
    const reader = startReader('1.0', `${server.url}/api/v1/ground-truth/changes?approved_only=false`);
    await once(reader.stdout, 'readable');
    expect(await server.stop('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
    const answer = await buffer(reader.stdout);
    expect(answer.toString()).toMatch(/^\{"op":"upsert",/);
    expect(answer.toString()).not.toContain('{"op":"cursor"');
    const whole = answer.subarray(0, answer.lastIndexOf('\n') + 1);
    for (const input of [answer, whole]) {
      const merged = await runCli(['merge', '/dev/null', '-'], { input });
      expect([merged.code, merged.stdout.length]).toEqual([1, 0]);
      expect(merged.stderr).toContain('is not whole');
    }
  });

  /** The backends of the database, but for the one that answers. */
  async function sessions(): Promise<number[]> {
    const rows = await database.query<{ pid: number }>(
      `select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    return rows.map(({ pid }) => pid);
  }
});

describe('a clock that was set back', () => {
  const JOB = '0197a1b2-0000-7000-8000-000000000001';
  /** Recorded before the clock was set back from there. */
  const LATER = '2999-01-01T00:00:00.5Z';
  const JUST_BEFORE = '2999-01-01T00:00:00.4Z';

  beforeAll(async () => {
    server = await startServer(env);
  });
  afterAll(() => server.stop());

  it('never dates a correction before one that was recorded, and the trail still leads back', async () => {
    await importText(
      database.dataSource,
      sampleLine(
        {
          approved: true,
          reviewed_by: 'sri',
          reviewed_at: LATER,
          created_at: '2998-01-01T00:00:00Z',
          corrections: [1, 2].map((n) => ({
            field_path: 'a',
            old_value: n - 1,
            new_value: n,
            corrected_by: 'sri',
            reason: null,
            corrected_at: LATER,
          })),
        },
        { initial_result: '{"a":0,"b":1.0}', final_result: '{"a":2,"b":1.0}' },
      ),
    );
    const correct = (body: object) =>
      call('POST', `/jobs/${JOB}/corrections`, { body: JSON.stringify(body) });
    const answers = [
      await call('DELETE', `/jobs/${JOB}/approval`),
      await correct({ field_path: 'a', new_value: 3 }),
      await correct({ field_path: 'b', op: 'remove' }),
      await call('PUT', `/jobs/${JOB}/result?force=true`, { body: '{"a":4,"c":5}' }),
      await call('PUT', `/jobs/${JOB}/approval`),
      await call('DELETE', `/jobs/${JOB}/approval`),
      await correct({ field_path: 'a', new_value: 6 }),
      await call('PUT', `/jobs/${JOB}/approval`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 201, 201, 201, 200, 200, 201, 200]);

    const read = await call('GET', `/ground-truth/samples/${JOB}`);
    expect(read.text).toContain('"initial_result":{"a":0,"b":1.0},"final_result":{"a":6,"c":5}');
    const [sample] = parseLines(read.text);
    expect(sample).not.toHaveProperty('diverged');
    expect(sample!.corrections.map(({ field_path, new_value }) => [field_path, new_value])).toEqual([
      ['a', 1],
      ['a', 2],
      ['a', 3],
      ['b', null],
      ['c', 5],
      ['a', 4],
      ['a', 6],
    ]);
    const verified = await runCli(['verify', '--json'], { env });
    expect(verified).toMatchObject({ code: 0 });
    expect(JSON.parse(verified.stdout.toString())).toMatchObject({ jobs: 1, exact: 1 });
  });

  it('leaves the job in the window of its last change, and the approvals in their order', async () => {
    const isIn = async (query: string) =>
      (await call('GET', `/ground-truth/export?${query}`)).text.includes(JOB);
    expect(await isIn(`since=${LATER}`)).toBe(true);
    expect(await isIn(`until=${LATER}`)).toBe(false);
    expect(await isIn(`since=${JUST_BEFORE}`)).toBe(true);
    const approvals = await database.query<{ event: string }>(
      `select event from job_events order by reviewed_at, id`,
    );
    expect(approvals.map(({ event }) => event)).toEqual(['reopened', 'approved', 'reopened', 'approved']);
    expect(await database.query('select from job_events where reviewed_at < $1', [LATER])).toEqual([]);
  });
});

it('five processes that migrate an empty database at once make one schema', async () => {
  const { url, drop } = await cloneDatabase('template0');
  try {
    const runs = await Promise.all(
      Array.from({ length: 5 }, () => runCli(['migrate'], { env: { DATABASE_URL: url } })),
    );
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
    expect(runs.filter(({ stderr }) => stderr.includes('applied CreateCorpus'))).toHaveLength(1);
    server = await startServer({ DATABASE_URL: url });
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    const body = '{"filename":"a","source_kind":"pdf","result":{}}';
    expect((await call('POST', '/jobs', { body })).status).toBe(201);
    await server.stop();
  } finally {
    await drop();
  }
});

describe('300 connections that send nothing, or only the beginning of a request,', () => {
  it('are answered with 408, and destroyed, although they stay half-open', async () => {
    server = await startServer(env);
    const sockets = await Promise.all(
      Array.from({ length: 300 }, async (_, n) => {
        const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
        await once(socket, 'connect');
        socket.on('error', () => undefined);
        if (n % 2 === 0) socket.write('GET /healthz HTTP/1.1\r\n');
        return socket;
      }),
    );
    const answers = await Promise.all(
      sockets.map(async (socket) => {
        let answer = '';
        for await (const chunk of socket.iterator({ destroyOnReturn: false })) answer += String(chunk);
        return answer;
      }),
    );
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1.1 408 /);
    // Whoever writes learns that the other side is gone.
    await Promise.all(
      sockets.map(async (socket) => {
        while (!socket.destroyed) {
          socket.write('x');
          await sleep(200);
        }
      }),
    );
    expect(await server.stop()).toMatchObject({ code: 0, signal: null });
  });
});

describe('500 connections that send a byte now and then', () => {
  const COUNT = 500;

  it.each([
    ['of their headers are cut off', 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ', true],
    [
      'of their bodies keep nobody waiting',
      'POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"',
      false,
    ],
  ])('%s', async (_, beginning, areCutOff) => {
    server = await startServer(env);
    const sockets = await Promise.all(Array.from({ length: COUNT }, () => connectTo(server, beginning)));
    const closed = sockets.map((socket) => once(socket, 'close'));
    const dribble = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write('x');
    }, 500);
    try {
      const body = '{"filename":"a","source_kind":"pdf","result":{"a":1}}';
      for (let i = 0; i < 5; i++) {
        const answers = await Promise.all<Answer | Response>([
          fetch(`${server.url}/healthz`),
          fetch(`${server.url}/readyz`),
          call('GET', '/ground-truth/stats'),
          call('GET', '/ground-truth/export?approved_only=false'),
          call('POST', '/jobs', { body }),
        ]);
        expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 201]);
      }
      // All of that was while they were there.
      expect(sockets.filter((socket) => !socket.closed)).toHaveLength(COUNT);
      if (areCutOff) await Promise.all(closed);
    } finally {
      clearInterval(dribble);
      for (const socket of sockets) socket.destroy();
    }
    expect(await server.stop()).toMatchObject({ code: 0, signal: null });
  });

  async function connectTo({ port }: TestServer, beginning: string): Promise<Socket> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    // A reset is an error for one who writes.
    socket.on('error', () => undefined).resume();
    socket.write(beginning);
    return socket;
  }
});
