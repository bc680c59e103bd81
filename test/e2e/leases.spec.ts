import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, apiOf, kindOf } from '../setup/api.js';
import { importText, sampleLine } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { type LocalServer, startLocalServer } from '../setup/local-server.js';

/** Of the job with this number. */
const idOf = (n: number) => `0197a1b2-0000-7000-8000-${String(n).padStart(12, '0')}`;

let database: TestDatabase;
let server: LocalServer;
let impatient: LocalServer;
const call = apiOf(() => server);
/** Holds jobs for a second only. */
const callImpatient = apiOf(() => impatient);

beforeAll(async () => {
  database = await createTestDatabase();
  server = await startLocalServer({ DATABASE_URL: database.url });
  impatient = await startLocalServer({ DATABASE_URL: database.url, GROUND_TRUTH_LEASE_SECONDS: '1' });
});
afterAll(async () => {
  await server.stop();
  await impatient.stop();
  await database.drop();
});
beforeEach(() => database.clear());

const addJobs = (...members: Record<string, unknown>[]) =>
  importText(
    database.dataSource,
    members
      .map((given, index) =>
        sampleLine({ job_id: idOf(index + 1), initial_result: { a: 1 }, final_result: { a: 1 }, ...given }),
      )
      .join(''),
  );
const next = (query = '', user = 'rini.k', ask = call) => ask('POST', `/jobs/next${query}`, { user });
const jobOf = ({ json }: Answer) => json.job as Record<string, unknown>;
const leaseOf = ({ json }: Answer) => json.lease as { token: string; held_by: string; expires_at: string };
const withToken = (method: string, id: string, token: string, ask = call) =>
  ask(method, `/jobs/${id}/lease`, { user: null, headers: { 'lease-token': token } });

describe('POST /jobs/next', () => {
  it('hands out open jobs with a result, each once, and then none', async () => {
    await addJobs(
      { approved: true, reviewed_by: 'r' },
      { initial_result: null, final_result: null },
      { created_at: '2025-06-02T00:00:00Z' },
      { created_at: '2025-06-01T00:00:00Z' },
    );
    const before = Date.now();
    const first = await next();
    const read = await call('GET', `/jobs/${idOf(4)}`);
    expect([first.status, first.headers.get('etag')]).toEqual([200, read.headers.get('etag')]);
    expect(jobOf(first)).toEqual(read.json);
    const { token, held_by, expires_at } = leaseOf(first);
    expect(jobOf(first)).toMatchObject({ job_id: idOf(4), lease: { held_by, expires_at } });
    expect([held_by, token.length]).toEqual(['rini.k', 43]);
    expect(Math.abs(Date.parse(expires_at) - before - 900_000)).toBeLessThan(30_000);
    expect(jobOf(await next())).toMatchObject({ job_id: idOf(3) });
    const none = await next();
    expect([none.status, none.text]).toEqual([204, '']);
  });

  it('keeps each byte of the result', async () => {
    await importText(
      database.dataSource,
      sampleLine(
        { initial_result: 0, final_result: 0 },
        { initial_result: '{"n":1e400}', final_result: '{"n":1e400}' },
      ),
    );
    expect((await next()).text).toContain('"result":{"n":1e400}},"lease":{"token":"');
  });

  it('takes the filters and the order of the queue', async () => {
    await addJobs(
      { confidence: 0.9, review_flags: ['a'] },
      { confidence: 0.2, review_flags: ['a', 'b'] },
      { confidence: 0.5, review_flags: ['a'] },
      { confidence: 0.1 },
    );
    const taken = await next('?sort=confidence&flag=a&not_flag=b&approved=false');
    expect(jobOf(taken)).toMatchObject({ job_id: idOf(3) });
    expect((await next('?confidence_lt=0.15&confidence_gte=0.11')).status).toBe(204);
  });

  it.each(['approved=true', 'cursor=x', 'limit=2', 'sort=age'])('refuses %s', async (query) => {
    expect(kindOf(await next(`?${query}`))).toBe('invalid-parameters');
  });

  it('needs a reviewer', async () => {
    expect(kindOf(await call('POST', '/jobs/next', { user: null }))).toBe('invalid-header');
  });

  it('never gives one job to two clients', async () => {
    const count = 60;
    await addJobs(...Array.from({ length: count }, () => ({})));
    const taken: unknown[] = [];
    const client = async (n: number): Promise<void> => {
      for (;;) {
        const answer = await next('', `reviewer ${n}`);
        if (answer.status === 204) return;
        taken.push(jobOf(answer).job_id);
      }
    };
    await Promise.all(Array.from({ length: 12 }, (_, n) => client(n)));
    expect(taken).toHaveLength(count);
    expect(new Set(taken).size).toBe(count);
  });

  it('passes over a job that somebody changes at the moment', async () => {
    await addJobs({}, {});
    const writer = database.dataSource.createQueryRunner();
    await writer.startTransaction();
    try {
      await writer.query('select from jobs where id = $1 for no key update', [idOf(1)]);
      expect(jobOf(await next())).toMatchObject({ job_id: idOf(2) });
    } finally {
      await writer.rollbackTransaction();
      await writer.release();
    }
  });
});

describe('a lease', () => {
  it('is shown by the queue and by the job, without its token, and changes no version and no time', async () => {
    await addJobs({});
    const before = await call('GET', `/jobs/${idOf(1)}`);
    const { token, ...holding } = leaseOf(await next('', 'Rini Ésa'.replace('É', '%C3%89')));
    const after = await call('GET', `/jobs/${idOf(1)}`);
    expect(before.json.lease).toBeNull();
    expect(after.json).toEqual({ ...before.json, lease: holding });
    expect(after.headers.get('etag')).toBe(before.headers.get('etag'));
    const queue = await call('GET', '/jobs');
    expect(queue.json.jobs).toMatchObject([{ lease: { held_by: 'Rini Ésa' } }]);
    expect(queue.text + after.text).not.toContain(token);
    const stored = await database.query('select * from job_leases');
    expect(JSON.stringify(stored)).not.toContain(token);
    // Whoever may write still may.
    expect((await call('PUT', `/jobs/${idOf(1)}/approval`, { user: 'andi' })).status).toBe(200);
  });

  it('is renewed and given back by its token only', async () => {
    await addJobs({});
    const { token } = leaseOf(await next('', 'rini.k', callImpatient));
    const renewed = await withToken('PUT', idOf(1), token);
    expect([renewed.status, renewed.json]).toMatchObject([200, { token, held_by: 'rini.k' }]);
    expect(Date.parse(String(renewed.json.expires_at))).toBeGreaterThan(Date.now() + 600_000);
    for (const method of ['PUT', 'DELETE']) {
      const other = await withToken(method, idOf(1), 'x'.repeat(43));
      expect([other.status, kindOf(other)]).toEqual([409, 'lease-lost']);
      expect(kindOf(await call(method, `/jobs/${idOf(1)}/lease`))).toBe('invalid-header');
      expect(kindOf(await withToken(method, idOf(7), token))).toBe('job-not-found');
    }
    expect((await next()).status).toBe(204);
    const given = await withToken('DELETE', idOf(1), token);
    expect([given.status, given.text]).toEqual([204, '']);
    expect(kindOf(await withToken('DELETE', idOf(1), token))).toBe('lease-lost');
    expect((await next()).status).toBe(200);
  });

  it('runs out; it can then be renewed until somebody else has the job', async () => {
    await addJobs({});
    const { token } = leaseOf(await next('', 'rini.k', callImpatient));
    await sleep(1_100);
    expect((await call('GET', `/jobs/${idOf(1)}`)).json.lease).toBeNull();
    expect((await withToken('PUT', idOf(1), token, callImpatient)).status).toBe(200);
    expect((await next('', 'andi')).status).toBe(204);
    await sleep(1_100);
    expect(leaseOf(await next('', 'andi')).held_by).toBe('andi');
    expect(kindOf(await withToken('PUT', idOf(1), token))).toBe('lease-lost');
    expect(kindOf(await withToken('DELETE', idOf(1), token))).toBe('lease-lost');
    expect((await call('GET', `/jobs/${idOf(1)}`)).json.lease).toMatchObject({ held_by: 'andi' });
  });

  it('ends with the approval, and with the job', async () => {
    await addJobs({}, {});
    const { token } = leaseOf(await next());
    expect((await call('PUT', `/jobs/${idOf(1)}/approval`)).json).toMatchObject({
      approved: true,
      lease: null,
    });
    expect(kindOf(await withToken('PUT', idOf(1), token))).toBe('lease-lost');
    await next();
    await database.query('delete from jobs');
    expect(await database.query('select from job_leases')).toEqual([]);
  });
});

describe('the list of jobs', () => {
  it('counts what matches, on its first page', async () => {
    await addJobs({}, {}, { review_flags: ['x'] });
    const first = await call('GET', '/jobs?limit=2&not_flag=y');
    expect(first.json.total).toEqual({ count: 3, exact: true });
    const second = await call('GET', `/jobs?limit=2&not_flag=y&cursor=${String(first.json.next_cursor)}`);
    expect(second.json).toMatchObject({ jobs: [{}], next_cursor: null, total: null });
    expect((await call('GET', '/jobs?not_flag=x')).json.total).toEqual({ count: 2, exact: true });
    expect((await call('GET', '/jobs?flag=x')).json.total).toEqual({ count: 1, exact: true });
  });

  it('selects by the last change', async () => {
    await addJobs(
      { created_at: '2025-06-01T00:00:00Z' },
      { created_at: '2025-06-02T00:00:00Z' },
      { created_at: '2025-06-03T00:00:00Z' },
    );
    const found = await call('GET', '/jobs?since=2025-06-02&until=2025-06-03');
    expect(found.json.jobs).toMatchObject([{ job_id: idOf(2) }]);
    expect(kindOf(await call('GET', '/jobs?since=2025-06-03&until=2025-06-02'))).toBe('invalid-parameters');
  });

  it('estimates beyond 10,000, and says so', async () => {
    await database.query(`
      insert into jobs (filename, source_kind, approved, created_at)
      select 'f', case when n <= 10000 then 'pdf' else 'image' end, false, '2025-01-01Z' from generate_series(1, 30000) as n`);
    await database.query('analyze jobs');
    expect((await call('GET', '/jobs?limit=1&source_kind=pdf')).json.total).toEqual({
      count: 10_000,
      exact: true,
    });
    const { count, exact } = (await call('GET', '/jobs?limit=1')).json.total as {
      count: number;
      exact: boolean;
    };
    expect(exact).toBe(false);
    expect(Math.abs(count - 30_000)).toBeLessThan(3_000);
  });
});
