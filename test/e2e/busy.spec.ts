/** Requests that keep the server busy hold up no others. */
import { apiOf } from '../setup/api.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { startServer, type TestServer } from '../setup/server.js';

const JOB = '00000000-0000-7000-8000-000000000001';
/** 7 MB that take long to read: half a million members, with white space. */
const RESULT = `{${Array.from({ length: 500_000 }, (_, n) => `"k${n}" : ${n % 9}`).join(' , ')}}`;

let database: TestDatabase;
let server: TestServer;
const call = apiOf(() => server);

beforeAll(async () => {
  database = await createTestDatabase();
  server = await startServer({ DATABASE_URL: database.url });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});

/** Asks for nothing much, again and again, while `work` goes on; returns the longest time without an answer as a part of all. */
async function longestWait<Result>(work: Promise<Result>): Promise<number> {
  const began = performance.now();
  const state = { isOver: false };
  const over = work.finally(() => (state.isOver = true));
  let longest = 0;
  while (!state.isOver) {
    const asked = performance.now();
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    longest = Math.max(longest, performance.now() - asked);
  }
  await over;
  return longest / (performance.now() - began);
}

it.each([
  ['creates a job', () => call('POST', '/jobs', { body: output(JOB) }), 201],
  ['takes a batch', () => call('POST', '/jobs/batch', { body: `${output()}\n`, headers: NDJSON }), 200],
  [
    'corrects one field',
    () => call('POST', `/jobs/${JOB}/corrections`, { body: '{"field_path":"k7","new_value":"x"}' }),
    201,
  ],
  [
    'replaces the result',
    () => call('PUT', `/jobs/${JOB}/result?force=true`, { body: RESULT.replaceAll(': 3', ': 4') }),
    201,
  ],
  ['shows a sample', () => call('GET', `/ground-truth/samples/${JOB}`), 200],
  ['exports the corpus', () => call('GET', '/ground-truth/export?approved_only=false'), 200],
] as const)('a server that %s answers others', async (_, work, status) => {
  let answered = 0;
  const share = await longestWait(work().then((answer) => (answered = answer.status)));
  expect(answered).toBe(status);
  // Done on the event loop, the work would hold up an answer for most of its time.
  expect(share).toBeLessThan(0.75);
});

const NDJSON = { 'content-type': 'application/x-ndjson' };

function output(job_id?: string): string {
  const id = job_id === undefined ? '' : `"job_id":"${job_id}",`;
  return `{${id}"filename":"a","source_kind":"pdf","result":${RESULT.replaceAll(' ', job_id === undefined ? '' : ' ')}}`;
}
