import { setTimeout as sleep } from 'node:timers/promises';
import { apiOf } from '../setup/api.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { LossyProxy } from '../setup/proxy.js';
import { startServer, type TestServer } from '../setup/server.js';

const JOB = '00000000-0000-7000-8000-000000000001';
const CONNECTIONS = 3;

let database: TestDatabase;
let proxy: LossyProxy;
let server: TestServer;
const call = apiOf(() => server);

beforeAll(async () => {
  database = await createTestDatabase();
  await database.query(
    `insert into jobs (id, filename, source_kind, result, approved) values ('${JOB}', 'a', 'pdf', '{}', true)`,
  );
  proxy = await LossyProxy.create(database.url);
  server = await startServer({ DATABASE_URL: proxy.url, GROUND_TRUTH_POOL_SIZE: String(CONNECTIONS) });
});
afterAll(async () => {
  const ended = await server.stop();
  await proxy.close();
  await database.drop();
  expect(ended).toMatchObject({ code: 0, signal: null });
});

const approve = () => call('PUT', `/jobs/${JOB}/approval`);
/** One of each kind: a transaction for reading, one for writing, statements of their own, an export with its log. */
const askAll = () =>
  Promise.all([
    call('GET', '/ground-truth/stats'),
    approve(),
    call('GET', `/jobs/${JOB}`),
    call('GET', '/jobs'),
    call('GET', `/ground-truth/samples/${JOB}`),
    call('GET', '/ground-truth/export'),
  ]);

it('connections that are lost without a word are given up, and the server recovers by itself', async () => {
  expect((await askAll()).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
  const { count, givenUp } = proxy.loseConnections();
  expect(count).toBe(CONNECTIONS);

  const answers = await askAll();
  expect(answers.map(({ status, json }) => [status, json.type])).toEqual(
    answers.map(() => [503, 'urn:ground-truth:problem:database-unavailable']),
  );
  await givenUp;
  while ((await fetch(`${server.url}/readyz`)).status !== 200) await sleep(20);
  expect((await askAll()).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
});
