import { setTimeout as sleep } from 'node:timers/promises';
import { apiOf } from '../setup/api.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { LossyProxy } from '../setup/proxy.js';
import { startServer, type TestServer } from '../setup/server.js';

const JOB = '00000000-0000-7000-8000-000000000001';
/** Four requests that count as transfers, and one connection for the others. */
const TRANSFERS = 4;
const CONNECTIONS = TRANSFERS + 1;

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
  server = await startServer({
    DATABASE_URL: proxy.url,
    GROUND_TRUTH_POOL_SIZE: String(CONNECTIONS),
    GROUND_TRUTH_MAX_EXPORTS: String(TRANSFERS),
  });
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

/** An export counts until its end is in the access log, which is after its answer. */
async function untilNoTransferRuns(): Promise<void> {
  const metrics = async () => (await fetch(`${server.url}/metrics`)).text();
  while (!/^ground_truth_transfers_running 0$/m.test(await metrics())) await sleep(20);
}

it('connections that are lost without a word are given up, and the server recovers by itself', async () => {
  while (proxy.count < CONNECTIONS) {
    expect((await askAll()).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    await untilNoTransferRuns();
  }
  const { count, givenUp } = proxy.loseConnections();
  expect(count).toBe(CONNECTIONS);

  const answers = await askAll();
  expect(answers.map(({ status, json }) => [status, json.type])).toEqual(
    answers.map(() => [503, 'urn:ground-truth:problem:database-unavailable']),
  );
  await givenUp;
  while ((await fetch(`${server.url}/readyz`)).status !== 200) await sleep(20);
  await untilNoTransferRuns();
  expect((await askAll()).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
});
