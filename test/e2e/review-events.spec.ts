import { type Answer, apiOf, kindOf } from '../setup/api.js';
import { exportSamples, exportText, importText } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { MARKER } from '../setup/log-watch.js';
import { type LocalServer, startLocalServer } from '../setup/local-server.js';

const JOB = '01972a3c-5f00-7c3e-9b1a-2f64a0c1d2e3';
const RESULT = '{"header":{"no":1.0,"a.b":2},"rows":[{"nrp":"8"},{"nrp":"9"}],"twice":1,"twice":2}';

let database: TestDatabase;
let server: LocalServer;
const call = apiOf(() => server);

beforeAll(async () => {
  database = await createTestDatabase();
  server = await startLocalServer({ DATABASE_URL: database.url });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});
beforeEach(() => database.clear());

const create = (result: string | null = RESULT, flags: readonly string[] = []) => {
  const members = { job_id: JOB, filename: `${MARKER}.pdf`, source_kind: 'pdf', review_flags: flags };
  return call('POST', '/jobs', {
    body: `${JSON.stringify(members).slice(0, -1)}${result === null ? '' : `,"result":${result}`}}`,
  });
};
const setFlags = (body: unknown, headers: Record<string, string> = {}) =>
  call('PUT', `/jobs/${JOB}/flags`, { body: JSON.stringify(body), headers });
const confirm = (paths: unknown, headers: Record<string, string> = {}) =>
  call('POST', `/jobs/${JOB}/confirmations`, { body: JSON.stringify({ field_paths: paths }), headers });
const correct = (correction: object) =>
  call('POST', `/jobs/${JOB}/corrections`, { body: JSON.stringify(correction) });
const approve = () => call('PUT', `/jobs/${JOB}/approval`);
const historyOf = async () => {
  const [sample] = await exportSamples(database.dataSource, { include: new Set(['history'] as const) });
  return sample!.history as Record<string, unknown>[];
};
const tagOf = ({ headers }: Answer) => headers.get('etag');

describe('PUT /jobs/{id}/flags', () => {
  it('sets and takes away flags, in their order, and records what really changed', async () => {
    await create(RESULT, ['b', 'a']);
    const { updated_at } = (await call('GET', `/jobs/${JOB}`)).json;
    const flagged = await setFlags({ add: ['z', 'a', 'c', 'z'], remove: ['b', 'q'] });
    expect(flagged.json).toMatchObject({ review_flags: ['a', 'z', 'c'], updated_at });
    const now = await call('GET', `/jobs/${JOB}`);
    expect([flagged.status, flagged.text, tagOf(flagged)]).toEqual([200, now.text, tagOf(now)]);
    const [event, ...rest] = await historyOf();
    expect(rest).toEqual([]);
    expect(event).toEqual({ event: 'flagged', by: 'rini.k', at: event!.at, add: ['z', 'c'], remove: ['b'] });
    expect(Object.keys(event!)).toEqual(['event', 'by', 'at', 'add', 'remove']);
  });

  it('records nothing where nothing changes', async () => {
    const created = await create(RESULT, ['a']);
    const same = await setFlags({ add: ['a'], remove: ['b'] });
    expect([same.status, tagOf(same)]).toEqual([200, tagOf(created)]);
    expect((await setFlags({ add: [] })).status).toBe(200);
    expect(await historyOf()).toEqual([]);
  });

  it('changes the version, and flags an approved job too', async () => {
    await create();
    const approved = await approve();
    const flagged = await setFlags({ add: ['doubtful'] }, { 'if-match': tagOf(approved)! });
    expect(flagged.json).toMatchObject({ approved: true, review_flags: ['doubtful'] });
    expect(kindOf(await setFlags({ remove: ['doubtful'] }, { 'if-match': tagOf(approved)! }))).toBe(
      'precondition-failed',
    );
  });

  it.each<[string, unknown, string]>([
    ['nothing', {}, 'the body has neither add nor remove'],
    ['what is no object', [], 'the body is not a JSON object'],
    ['a flag that is no string', { add: [1] }, 'add[0]: is not a string'],
    ['a flag in both', { add: ['a'], remove: ['a'] }, 'remove[0]: is in add, too'],
    ['more', { add: ['a'], set: [] }, 'set: is not known'],
    ['a long flag', { add: ['x'.repeat(1_025)] }, 'add[0]: has more than 1,024 characters'],
  ])('refuses %s', async (_, body, detail) => {
    await create();
    const refused = await setFlags(body);
    expect([refused.status, kindOf(refused), refused.json.detail]).toEqual([400, 'invalid-body', detail]);
  });

  it('keeps the limits of a job', async () => {
    await create(
      RESULT,
      Array.from({ length: 1_000 }, (_, n) => String(n)),
    );
    const refused = await setFlags({ add: ['one more'] });
    expect([refused.status, kindOf(refused)]).toEqual([422, 'job-too-large']);
    expect((await setFlags({ add: ['one more'], remove: ['7'] })).status).toBe(200);
    await setFlags({ remove: Array.from({ length: 1_000 }, (_, n) => String(n)) });
    const long = (n: number) => `${n}${'x'.repeat(1_000)}`;
    await setFlags({ add: Array.from({ length: 60 }, (_, n) => long(n)) });
    expect(
      kindOf(await setFlags({ add: [long(61), long(62), long(63), long(64), long(65), long(66)] })),
    ).toBe('job-too-large');
  });
});

describe('POST /jobs/{id}/confirmations', () => {
  it('records paths of the current result in dotted form, and leaves the version alone', async () => {
    const created = await create();
    const confirmed = await confirm(['/header/a.b', 'header.no', '/header/no', 'rows[1]', '']);
    const { at } = confirmed.json;
    const field_paths = ['header["a.b"]', 'header.no', 'rows[1]', ''];
    expect([confirmed.status, confirmed.json]).toEqual([
      201,
      { event: 'confirmed', by: 'rini.k', at, field_paths },
    ]);
    expect(await historyOf()).toEqual([confirmed.json]);
    const now = await call('GET', `/jobs/${JOB}`);
    expect([tagOf(confirmed), tagOf(now), now.json]).toEqual([tagOf(created), tagOf(created), created.json]);
  });

  it('is in the feed of those who include the history', async () => {
    await create();
    const cursorOf = ({ text }: Answer) =>
      (JSON.parse(text.trim().split('\n').at(-1)!) as { cursor: string }).cursor;
    const ask = (cursor: string) =>
      call('GET', `/ground-truth/changes?approved_only=false&include=history${cursor}`);
    const cursor = cursorOf(await ask(''));
    const { json } = await confirm(['rows']);
    for (;;) {
      const { text } = await ask(`&cursor=${cursor}`);
      // Transactions of other tests on this server may hold the change back.
      if (!text.includes('"op":"upsert"')) continue;
      expect(text).toContain(`"history":[${JSON.stringify(json)}]`);
      break;
    }
  });

  it('comes strictly between the corrections before and after it, even if the clock was set back', async () => {
    await create();
    await correct({ field_path: 'header.no', new_value: 3 });
    await database.query(`update jobs set reviewed_at = '2099-01-01Z'`);
    const { at } = (await confirm(['header.no'])).json;
    expect(at).toBe('2099-01-01T00:00:00Z');
    await correct({ field_path: 'header.no', new_value: 4 });
    const trail = (await call('GET', `/jobs/${JOB}/corrections`)).json.corrections as {
      corrected_at: string;
    }[];
    expect(trail[1]!.corrected_at).toBe('2099-01-01T00:00:00.000001Z');
  });

  it.each<[string, unknown, number, string, string]>([
    ['no list', 'a', 400, 'invalid-body', 'field_paths: is not an array of strings'],
    ['an empty list', [], 400, 'invalid-body', 'field_paths: is empty'],
    ['what is no string', [1], 400, 'invalid-body', 'field_paths[0]: is not a string'],
    [
      'too many',
      Array.from({ length: 1_001 }, () => 'header'),
      400,
      'invalid-body',
      'field_paths: has more than 1,000 elements',
    ],
    ['what is no path', ['header', 'a.'], 400, 'invalid-path', 'field_paths[1]: '],
    [
      'a path without a value',
      ['header.yes'],
      422,
      'path-missing',
      'field_paths[0]: there is no value at this path: header is an object without a member yes',
    ],
    ['the element after the last', ['/rows/-'], 422, 'path-missing', 'field_paths[0]: there is no value'],
    ['a key that stands twice', ['twice'], 409, 'ambiguous-path', 'field_paths[0]: a key on this path'],
  ])('refuses %s', async (_, paths, status, kind, detail) => {
    await create();
    const refused = await confirm(paths);
    expect([refused.status, kindOf(refused)]).toEqual([status, kind]);
    expect(String(refused.json.detail)).toContain(detail);
    expect(await historyOf()).toEqual([]);
  });

  it('needs a result and the current version', async () => {
    await create(null);
    expect(kindOf(await confirm(['']))).toBe('no-result');
    expect(kindOf(await confirm([''], { 'if-match': '"x"' }))).toBe('precondition-failed');
  });
});

it('keeps events in their order through an export and an import, byte for byte', async () => {
  await create(RESULT, ['a']);
  // All at one time: the order is that in which they were made.
  await database.query(`update jobs set reviewed_at = '2099-01-01Z'`);
  await setFlags({ add: ['"quoted"\n'], remove: ['a'] });
  await confirm(['header.no', 'rows[0]']);
  await approve();
  await setFlags({ remove: ['"quoted"\n'] });
  await call('DELETE', `/jobs/${JOB}/approval`);
  await confirm(['rows[1].nrp']);
  const bringOut = () => exportText(database.dataSource, { include: new Set(['history'] as const) });
  const corpus = await bringOut();
  expect((await historyOf()).map(({ event }) => event)).toEqual([
    'flagged',
    'confirmed',
    'approved',
    'flagged',
    'reopened',
    'confirmed',
  ]);
  await database.clear();
  await importText(database.dataSource, corpus);
  expect(await bringOut()).toBe(corpus);
  await importText(database.dataSource, corpus, { onConflict: 'replace' });
  expect(await bringOut()).toBe(corpus);
});

describe('errors', () => {
  const errors = async () => {
    const { json } = await call('GET', '/ground-truth/errors');
    const counts = (rates: Record<string, unknown>) =>
      ['values', 'edited', 'confirmed', 'only_approved'].map((name) => rates[name]);
    const fields = json.fields as Record<string, unknown>[];
    return Object.fromEntries([
      ['all', counts(json.all as Record<string, unknown>)],
      ...fields.map((field) => [field.field_path, counts(field)]),
    ]) as Record<string, unknown[]>;
  };

  it('says which values were edited, confirmed, or only approved with the whole', async () => {
    await create('{"a":1,"b":2,"rows":[{"n":"1","m":"x"},{"n":"2","m":"y"}]}');
    await confirm(['a', 'b', 'rows[1]']);
    await correct({ field_path: 'b', new_value: 3 });
    // The row that was confirmed is now the third.
    await correct({ op: 'add', field_path: 'rows[0]', new_value: { n: '0', m: 'w' } });
    await correct({ field_path: 'rows[2].m', new_value: 'z' });
    await approve();
    expect(await errors()).toEqual({
      all: [8, 4, 2, 2],
      a: [1, 0, 1, 0],
      b: [1, 1, 0, 0],
      'rows[*].n': [3, 1, 1, 1],
      'rows[*].m': [3, 2, 0, 1],
    });
    const text = await exportText(database.dataSource, { include: new Set(['history'] as const) });
    await database.clear();
    await importText(database.dataSource, text);
    expect((await errors()).all).toEqual([8, 4, 2, 2]);
  });
});
