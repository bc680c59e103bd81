import { exportText, importText, linesOf, readPlainBundled } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { type LocalServer, startLocalServer } from '../setup/local-server.js';

const SAMPLES = '/api/v1/ground-truth/samples';
const NOBODY = '0197a1b2-0000-7000-8000-00000000ffff';

describe('GET /api/v1/ground-truth/samples/{id}', () => {
  let database: TestDatabase;
  let server: LocalServer;
  let lines: string[];

  beforeAll(async () => {
    database = await createTestDatabase();
    server = await startLocalServer({ DATABASE_URL: database.url });
    await importText(database.dataSource, await readPlainBundled());
    await database.query(`update jobs set result = '{"a":1.0}' where filename ~ '[0-5].pdf$'`);
    lines = linesOf(await exportText(database.dataSource));
  });
  afterAll(async () => {
    await server.stop();
    await database.drop();
  });

  const ask = (rest: string, method = 'GET') => fetch(`${server.url}${SAMPLES}/${rest}`, { method });
  const idOf = (line: string) => (JSON.parse(line) as { job_id: string }).job_id;

  async function expectProblem(response: Response, status: number, kind: string): Promise<object> {
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const problem = (await response.json()) as object;
    const { pathname: instance } = new URL(response.url);
    expect(problem).toMatchObject({ type: `urn:ground-truth:problem:${kind}`, status, instance });
    return problem;
  }

  it('gives the line of the corpus, to the byte', async () => {
    expect(lines.filter((line) => line.includes('"diverged":')).length).toBeGreaterThan(5);
    expect(lines.filter((line) => line.includes('"final_result":null')).length).toBeGreaterThan(0);
    for (const line of lines) {
      const response = await ask(idOf(line));
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('application/json');
      expect(await response.text()).toBe(`${line}\n`);
    }
  });

  it('has the history of a job where it is asked for', async () => {
    const id = idOf(lines.find((line) => !line.includes('"diverged":'))!);
    await database.query(
      `insert into job_events (job_id, event, reviewed_by, reviewed_at) values ($1, 'approved', 'rini', '2025-06-01Z')`,
      [id],
    );
    const text = await (await ask(`${id}?include=history`)).text();
    expect(text).toMatch(
      /,"confidence":[^,]+,"history":\[\{"event":"approved","by":"rini","at":"2025-06-01T00:00:00Z"\}\]\}\n$/,
    );
    expect(await (await ask(`${id}?include=x`)).json()).toMatchObject({ errors: [{ field: 'include' }] });
  });

  it('takes an id in upper case', async () => {
    const [line] = lines;
    expect(await (await ask(idOf(line!).toUpperCase())).text()).toBe(`${line!}\n`);
  });

  it('answers HEAD with 200 or 404 and no body', async () => {
    const [line] = lines;
    const found = await ask(idOf(line!), 'HEAD');
    expect([found.status, found.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(await found.text()).toBe('');
    expect((await ask(NOBODY, 'HEAD')).status).toBe(404);
  });

  it('answers 404 where there is no such job', async () => {
    expect(await expectProblem(await ask(NOBODY), 404, 'job-not-found')).toMatchObject({
      detail: `there is no job ${NOBODY}`,
    });
  });

  it.each(['123', 'null', `${NOBODY}0`, NOBODY.replaceAll('-', ''), `%7B${NOBODY}%7D`, '%27;--'])(
    'refuses %s, which is no UUID',
    async (text) => {
      const problem = await expectProblem(await ask(text), 400, 'invalid-parameters');
      const message = expect.stringContaining('is not a UUID') as string;
      expect(problem).toMatchObject({ errors: [{ field: 'id', message }] });
    },
  );

  it('refuses a parameter that it does not know', async () => {
    const problem = await expectProblem(await ask(`${idOf(lines[0]!)}?limit=1`), 400, 'invalid-parameters');
    expect(problem).toMatchObject({
      errors: [{ field: 'limit', message: 'is not known; accepted is include' }],
    });
  });

  it('answers 503 without its database', async () => {
    const gone = await createTestDatabase();
    const orphan = await startLocalServer({ DATABASE_URL: gone.url });
    await gone.drop();
    const response = await fetch(`${orphan.url}${SAMPLES}/${NOBODY}`);
    await expectProblem(response, 503, 'database-unavailable');
    await orphan.stop();
  });
});
