/** PostgreSQL ends a connection at the worst moment: what it says of that is in the packet in which an answer ends. */
import { type ClientBase, Pool } from 'pg';
import { WatchedClient } from '../../src/platform/database/watched-client.js';
import { apiOf } from '../setup/api.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { LossyProxy } from '../setup/proxy.js';
import { startServer } from '../setup/server.js';

const JOB = '00000000-0000-7000-8000-000000000001';

let database: TestDatabase;
let proxy: LossyProxy;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.query(
    `insert into jobs (id, filename, source_kind, result, approved) values ('${JOB}', 'a', 'pdf', '{}', true)`,
  );
  proxy = await LossyProxy.create(database.url);
});
afterAll(async () => {
  await proxy.close();
  await database.drop();
});

it('a client is lost while the pool hands it over, and another takes its place', async () => {
  // The driver gives it the settings; its types do not say so.
  const Client = WatchedClient as unknown as new () => ClientBase;
  const pool = new Pool({ connectionString: proxy.url, max: 1, Client });
  pool.on('error', () => undefined);
  proxy.terminateAfter(1);
  const client = await pool.connect();
  await expect(client.query('select 1')).rejects.toThrow(/not queryable|terminat/);
  client.release();
  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await pool.end();
});

it('a server lives, and its next requests are answered', async () => {
  const server = await startServer({ DATABASE_URL: proxy.url, GROUND_TRUTH_POOL_SIZE: '4' });
  const call = apiOf(() => server);
  const batch = {
    body: '{"filename":"a","source_kind":"pdf","result":{}}\n',
    headers: { 'content-type': 'application/x-ndjson' },
  };
  let ended = 0;
  for (let answers = 1; ; answers++) {
    proxy.terminateAfter(answers);
    // One of each kind: a transaction for reading, one for writing, statements of their own, an export with its log, a batch.
    await Promise.allSettled([
      call('GET', '/ground-truth/stats'),
      call('PUT', `/jobs/${JOB}/approval`),
      call('GET', `/jobs/${JOB}`),
      call('GET', '/jobs'),
      call('GET', '/ground-truth/export'),
      call('POST', '/jobs/batch', batch),
    ]);
    if (proxy.isToTerminate) break;
    ended++;
    expect((await call('GET', '/ground-truth/stats')).status).toBe(200);
  }
  expect(ended).toBeGreaterThan(10);
  // An export whose entry is written has an outcome, whatever became of the connections.
  const left = 'select id from access_log where id not in (select id from access_log_outcomes)';
  expect(await database.query(left)).toEqual([]);
  proxy.terminateAfter(Infinity);
  expect(await server.stop()).toMatchObject({ code: 0, signal: null });
});
