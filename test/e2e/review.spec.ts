import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { apiOf, kindOf } from '../setup/api.js';
import { exportText, importText, linesOf } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { MARKER } from '../setup/log-watch.js';
import { startServer, type TestServer } from '../setup/server.js';

const JOB = '01972a3c-5f00-7c3e-9b1a-2f64a0c1d2e3';
const RESULT = `{"header":{"no":198703212010011234,"perihal":"${MARKER}"},"personel":[{"nrp":"8703l234","a":1.0},{"nrp":"2"}]}`;

let database: TestDatabase;
let server: TestServer;
const call = apiOf(() => server);

beforeAll(async () => {
  database = await createTestDatabase();
  server = await startServer({ DATABASE_URL: database.url, GROUND_TRUTH_MAX_BODY_MB: '1' });
});
afterAll(async () => {
  const end = await server.stop();
  expect(end.stderr).toContain(`job ${JOB}: corrected_at is 2099-01-01T00:00:00Z, later than now`);
  await database.drop();
  expect(end).toMatchObject({ code: 0, signal: null });
});
beforeEach(() => database.clear());

const outcome = (result: string | null, members: Record<string, unknown> = {}) => {
  const fields = JSON.stringify({
    job_id: JOB,
    filename: `${MARKER}.pdf`,
    source_kind: 'pdf',
    ...members,
  }).slice(0, -1);
  return { body: result === null ? `${fields}}` : `${fields},"result":${result}}` };
};
const create = (result: string | null = RESULT, members: Record<string, unknown> = {}) =>
  call('POST', '/jobs', outcome(result, members));
const correct = (body: string, headers: Record<string, string> = {}, id = JOB) =>
  call('POST', `/jobs/${id}/corrections`, { body, headers });
const tagOf = async (id = JOB) => (await call('GET', `/jobs/${id}`)).headers.get('etag')!;
const resultOf = async (id = JOB) => /"result":(.*)\}$/.exec((await call('GET', `/jobs/${id}`)).text)?.[1];

describe('POST /jobs', () => {
  it('creates a job, says where it is, and keeps each byte of its result', async () => {
    const created = await create(' {"b" : 1.0, "a":1e400,"a":-0 , "t":"\\u0041" }', {
      review_flags: ['low_confidence'],
      confidence: 0.5,
      created_at: '2025-06-01T17:15:00.5+07:00',
    });
    expect([created.status, created.headers.get('location')]).toEqual([201, `/api/v1/jobs/${JOB}`]);
    expect(created.headers.get('content-type')).toBe('application/json');
    expect(created.text).toMatch(/"result":\{"b":1\.0,"a":1e400,"a":-0,"t":"\\u0041"\}\}$/);
    expect(created.json).toMatchObject({
      job_id: JOB,
      approved: false,
      review_flags: ['low_confidence'],
      confidence: 0.5,
      created_at: '2025-06-01T10:15:00.5Z',
      correction_count: 0,
    });
    const read = await call('GET', `/jobs/${JOB}`);
    expect([read.status, read.text, read.headers.get('etag')]).toEqual([
      200,
      created.text,
      created.headers.get('etag'),
    ]);
  });

  it('leaves a byte order mark before the body out, and names another encoding', async () => {
    const { body } = outcome(RESULT);
    expect((await call('POST', '/jobs', { body: `\ufeff${body}` })).status).toBe(201);
    expect(await resultOf()).toBe(RESULT);
    for (const [name, other] of [
      ['UTF-16', Buffer.from(body, 'utf16le')],
      ['gzip', gzipSync(body)],
    ] as const) {
      const refused = await call('POST', '/jobs', { body: other });
      expect(refused.json.detail).toBe(`the body is not JSON: ${name} where UTF-8 is expected (at byte 0)`);
    }
    const batch = await call('POST', '/jobs/batch', {
      body: gzipSync(body),
      headers: { 'content-type': 'application/x-ndjson' },
    });
    expect(batch.json.errors).toEqual([
      { field: 'line 1', message: 'the input is compressed by gzip; decompress it with: gzip -dc FILE' },
    ]);
  });

  it('makes an id that grows with time where none is given', async () => {
    const ids = [];
    for (let i = 0; i < 3; i++) ids.push((await create(RESULT, { job_id: undefined })).json.job_id);
    expect(ids.toSorted()).toEqual(ids);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  });

  it('accepts the same output again, whatever reviewers changed, and refuses another one', async () => {
    await create();
    await correct('{"field_path":"header.perihal","new_value":"x"}');
    expect((await create()).status).toBe(200);
    expect((await create(RESULT.replaceAll(',', ' ,\n'))).status).toBe(200);
    for (const other of [
      await create('{}'),
      await create(null),
      await create(RESULT, { filename: 'b.pdf' }),
      await create(RESULT, { confidence: 0.1 }),
      await create(RESULT, { review_flags: ['x'] }),
      await create(RESULT, { created_at: '2020-01-01' }),
    ])
      expect([other.status, kindOf(other)]).toEqual([409, 'job-exists']);
    expect(await resultOf()).toContain('"perihal":"x"');
  });

  it('knows a job by the id of the pipeline', async () => {
    const external_id = 'scan 4711/ü';
    const first = await create(RESULT, { job_id: undefined, external_id });
    const again = await create(RESULT, { job_id: undefined, external_id });
    expect([first.status, again.status, again.text]).toEqual([201, 200, first.text]);
    expect(first.json).toMatchObject({ external_id });
    const found = await call('GET', `/jobs?external_id=${encodeURIComponent(external_id)}`);
    expect(found.json.jobs).toMatchObject([{ job_id: first.json.job_id, external_id }]);
    expect((await call('GET', '/jobs?external_id=scan')).json.jobs).toEqual([]);
    for (const [members, field] of [
      [{ job_id: undefined, external_id, filename: 'b.pdf' }, 'external_id'],
      [{ external_id }, 'external_id'],
      [{ job_id: first.json.job_id }, 'job_id'],
    ] as const) {
      const other = await create(RESULT, members);
      expect([other.status, kindOf(other), other.json.errors]).toEqual([
        409,
        'job-exists',
        [expect.objectContaining({ field })],
      ]);
    }
  });

  it('lets only one of many that send the same id at once create a job', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => create(RESULT, { job_id: undefined, external_id: 'race' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 201]);
    expect(new Set(answers.map(({ json }) => json.job_id)).size).toBe(1);
  });

  it('creates a job without a result', async () => {
    expect((await create(null)).json).toMatchObject({ result: null, original_sha256: null });
    expect((await create('null')).status).toBe(200);
  });

  it.each([
    ['{', 'invalid-body', ''],
    ['[]', 'invalid-body', ''],
    ['{"filename":"a"}', 'invalid-body', 'source_kind'],
    ['{"filename":"a","source_kind":"pdf","x":1}', 'invalid-body', 'x'],
    ['{"filename":"a","filename":"b","source_kind":"pdf"}', 'invalid-body', 'filename'],
    ['{"filename":"a\\u0000","source_kind":"pdf"}', 'invalid-body', 'filename'],
    ['{"filename":"a","source_kind":"pdf","confidence":1.5}', 'invalid-body', 'confidence'],
    ['{"filename":"a","source_kind":"pdf","job_id":"x"}', 'invalid-body', 'job_id'],
    [
      `{"filename":"a","source_kind":"pdf","result":${'['.repeat(5_001)}${']'.repeat(5_001)}}`,
      'invalid-body',
      'result',
    ],
    ['['.repeat(100_000), 'invalid-body', ''],
    [Buffer.from('{"filename":"\xff"}', 'latin1'), 'invalid-body', ''],
  ])('refuses body %#', async (body, kind, field) => {
    const refused = await call('POST', '/jobs', { body });
    expect([refused.status, kindOf(refused)]).toEqual([400, kind]);
    expect(refused.json.errors ?? [{ field: '' }]).toMatchObject([{ field }]);
  });

  it.each([
    ['{"corrections":[', '{}', ']}'],
    ['{"corrections":[', '1', ']}'],
    ['{"review_flags":[', '1', ']}'],
    ['{', '"":1', '}'],
  ])('names some faults of a body that has very many: %s%s', async (head, element, tail) => {
    await create();
    const body = `${head}${Array<string>(100_000).fill(element).join(',')}${tail}`;
    for (const path of ['/jobs', `/jobs/${JOB}/corrections`]) {
      const refused = await call('POST', path, { body });
      expect([refused.status, kindOf(refused)]).toEqual([400, 'invalid-body']);
      expect(refused.text.length).toBeLessThan(20_000);
    }
  });

  it('refuses an unsupported media type and a body that is too large', async () => {
    const text = await call('POST', '/jobs', { body: '{}', headers: { 'content-type': 'text/plain' } });
    expect([text.status, kindOf(text)]).toEqual([415, 'unsupported-media-type']);
    expect(text.json.detail).toBe('the body must be application/json; its Content-Type is "text/plain"');
    const none = await call('POST', '/jobs');
    expect(none.status).toBe(415);
    expect(none.json.detail).toBe('the body must be application/json; its Content-Type is missing');
    const large = await create(`"${'x'.repeat(1024 * 1024)}"`);
    expect([large.status, kindOf(large)]).toEqual([413, 'payload-too-large']);
  });
});

describe('POST /jobs/batch', () => {
  const batch = (body: string) =>
    call('POST', '/jobs/batch', { body, headers: { 'content-type': 'application/x-ndjson' } });
  const line = (n: number, result = '{"a":1.0}') =>
    `${outcome(result, { job_id: `00000000-0000-7000-8000-00000000000${n}` }).body}\n`;

  it('creates new jobs and leaves those that exist', async () => {
    expect((await batch(line(1) + line(2))).json).toEqual({ created: 2, unchanged: 0 });
    expect((await batch(line(2) + line(3) + outcome(null, { job_id: undefined }).body)).json).toEqual({
      created: 2,
      unchanged: 1,
    });
  });

  it('changes nothing where a line is bad, and names the lines', async () => {
    await batch(line(1));
    const refused = await batch(`${line(2)}{"filename":"a"}\n${line(1, '{}')}${line(2)}nonsense`);
    expect(refused.status).toBe(400);
    expect(refused.json).toMatchObject({
      errors: [
        { field: 'line 2: source_kind', message: 'is missing' },
        { field: 'line 3: job_id' },
        { field: 'line 4: job_id', message: 'is already in line 1' },
        { field: 'line 5' },
      ],
    });
    expect((await call('GET', '/jobs')).json.jobs).toHaveLength(1);
  });

  it('is refused as soon as the database fails, however much is still to come', async () => {
    const request = http.request(`${server.url}/api/v1/jobs/batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
    });
    request.on('error', () => undefined);
    const answered = once(request, 'response') as Promise<[http.IncomingMessage]>;
    const line = `{"filename":"a","source_kind":"pdf","result":"${'x'.repeat(100_000)}"}\n`;
    const backends = `datname = current_database() and state = 'idle in transaction'`;
    for (let wasEnded = false; !wasEnded;) {
      request.write(line);
      const ended = await database.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where ${backends}`,
      );
      wasEnded = ended.length > 0;
    }
    let response: http.IncomingMessage | undefined;
    void answered.then(([first]) => (response = first));
    while (response === undefined) {
      request.write(line);
      await sleep(10);
    }
    expect(response.statusCode).toBe(503);
    request.end();
    response.resume();
    await once(response, 'end');
    expect(await database.query('select from jobs')).toEqual([]);
  });

  it('refuses compressed bodies and other media types than lines', async () => {
    const packed = await call('POST', '/jobs/batch', {
      body: gzipSync(line(1)),
      headers: { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' },
    });
    expect([packed.status, kindOf(packed)]).toEqual([415, 'unsupported-media-type']);
    expect((await call('POST', '/jobs/batch', { body: '{}' })).status).toBe(415);
  });
});

describe('GET /jobs', () => {
  beforeEach(async () => {
    for (let n = 0; n < 7; n++) {
      await create(RESULT, {
        job_id: `00000000-0000-7000-8000-00000000000${n}`,
        filename: n % 2 === 0 ? `Sprint_${n}.PDF` : `scan%${n}.png`,
        source_kind: n % 2 === 0 ? 'pdf' : 'image',
        review_flags: n < 3 ? ['low'] : [],
        ...(n !== 4 && { confidence: (7 - n) / 10 }),
        created_at: '2025-06-01',
      });
    }
    await call('PUT', '/jobs/00000000-0000-7000-8000-000000000000/approval');
    await correct(
      '{"field_path":"header.perihal","new_value":"x"}',
      {},
      '00000000-0000-7000-8000-000000000001',
    );
  });

  const list = async (query = '') => {
    const { json } = await call('GET', `/jobs${query}`);
    return (json.jobs as { job_id: string }[]).map(({ job_id }) => Number(job_id.slice(-1)));
  };

  it.each([
    ['', [0, 1, 2, 3, 4, 5, 6]],
    ['?approved=false', [1, 2, 3, 4, 5, 6]],
    ['?approved=true', [0]],
    ['?has_corrections=True', [1]],
    ['?approved=FALSE&confidence_lt=0.3', [5, 6]],
    ['?has_corrections=0&source_kind=image', [3, 5]],
    ['?flag=low', [0, 1, 2]],
    ['?filename=sprint_', [0, 2, 4, 6]],
    ['?filename=%25', [1, 3, 5]],
    ['?confidence_lt=0.3', [5, 6]],
    ['?sort=confidence', [6, 5, 3, 2, 1, 0, 4]],
  ])('lists by %s', async (query, expected) => {
    expect(await list(query)).toEqual(expected);
  });

  it('finds a filename whatever its case and composition', async () => {
    await create(RESULT, { job_id: JOB.replace(/.$/, '7'), filename: 'ÜBERWEISUNG 1.pdf' });
    await create(RESULT, { job_id: JOB.replace(/.$/, '8'), filename: 'u\u0308berweisung 2.pdf' });
    for (const part of ['überweisung', 'U\u0308BERWEISUNG'])
      expect(await list(`?sort=confidence&filename=${encodeURIComponent(part)}`)).toEqual([7, 8]);
    expect(await list('?filename=uberweisung')).toEqual([]);
    expect(await list(`?filename=${'x'.repeat(5_000)}`)).toEqual([]);
    expect(await list(`?filename=${encodeURIComponent('.*')}`)).toEqual([]);
  });

  it.each(['created_at', 'confidence'])('goes through pages by %s, each job once', async (sort) => {
    const whole = await list(`?sort=${sort}`);
    const pages: number[] = [];
    let cursor: unknown = '';
    do {
      const query = `?sort=${sort}&limit=2${cursor === '' ? '' : `&cursor=${String(cursor)}`}`;
      pages.push(...(await list(query)));
      ({ next_cursor: cursor } = (await call('GET', `/jobs${query}`)).json);
    } while (cursor !== null);
    expect(pages).toEqual(whole);
  });

  it('leaves results out', async () => {
    expect((await call('GET', '/jobs?limit=1')).text).not.toContain('"result"');
  });

  it.each([
    'limit=0',
    'limit=201',
    'sort=x',
    'cursor=x',
    'confidence_lt=2',
    'approved=maybe',
    'x=1',
    'flag=',
  ])('refuses %s', async (query) => {
    const refused = await call('GET', `/jobs?${query}`);
    expect([refused.status, kindOf(refused)]).toEqual([400, 'invalid-parameters']);
  });
});

describe('POST /jobs/{id}/corrections', () => {
  beforeEach(() => create());

  it('records the old value, and the trail leads back to the original', async () => {
    const before = (await call('GET', `/jobs/${JOB}`)).headers.get('etag');
    const one = await correct(
      '{"field_path":"personel[0].nrp","new_value":"87031234","reason":"l dibaca 1"}',
    );
    expect(one.status).toBe(201);
    expect(one.json.corrections).toMatchObject([
      {
        field_path: 'personel[0].nrp',
        op: 'replace',
        old_value: '8703l234',
        new_value: '87031234',
        corrected_by: 'rini.k',
        reason: 'l dibaca 1',
      },
    ]);
    expect(one.headers.get('etag')).not.toBe(before);
    expect(one.headers.get('etag')).toBe((await call('GET', `/jobs/${JOB}`)).headers.get('etag'));
    const several = await correct(
      `{"corrections":[{"field_path":"/header/no","op":"remove"},{"field_path":"/personel/-","op":"add","new_value":{"nrp": "3"}},
        {"field_path":"header.no","op":"add","new_value":198703212010011235},{"field_path":"header.no","op":"add","new_value":2}]}`,
    );
    expect(several.text).toContain('"op":"remove","old_value":198703212010011234,"new_value":null');
    expect(
      (several.json.corrections as { field_path: string; op: string }[]).map(({ field_path, op }) => [
        field_path,
        op,
      ]),
    ).toEqual([
      ['header.no', 'remove'],
      ['personel[2]', 'add'],
      ['header.no', 'add'],
      ['header.no', 'replace'],
    ]);
    expect(await resultOf()).toBe(
      `{"header":{"perihal":"${MARKER}","no":2},"personel":[{"nrp":"87031234","a":1.0},{"nrp":"2"},{"nrp":"3"}]}`,
    );
    const [line = ''] = linesOf(await exportText(database.dataSource));
    expect(line).toContain(`"initial_result":${RESULT},"final_result"`);
    expect(line).not.toContain('diverged');
    const trail = await call('GET', `/jobs/${JOB}/corrections`);
    expect(trail.json.corrections).toEqual([
      ...(one.json.corrections as unknown[]),
      ...(several.json.corrections as unknown[]),
    ]);
  });

  it('records and lists a field under one name, however its path is spelled', async () => {
    for (const [n, path] of [
      'header["no"]',
      '["header"]["no"]',
      '["\\u0068eader"].no',
      '/header/no',
    ].entries()) {
      const made = await correct(JSON.stringify({ field_path: path, new_value: n }));
      expect(made.json.corrections).toMatchObject([{ field_path: 'header.no' }]);
    }
    await database.query(
      `insert into job_corrections (job_id, field_path, old_value, new_value, corrected_by) values ($1, '["header"].no', '3', '4', 'r')`,
      [JOB],
    );
    const { json } = await call('GET', `/jobs/${JOB}/corrections`);
    expect((json.corrections as { field_path: string }[]).map(({ field_path }) => field_path)).toEqual(
      Array<string>(5).fill('header.no'),
    );
  });

  it.each([
    ['{"field_path":"header.x","new_value":1}', 422, 'path-missing', 'field_path'],
    ['{"field_path":"personel[9].nrp","new_value":1}', 422, 'path-missing', 'field_path'],
    ['{"field_path":"header.x","op":"remove"}', 422, 'path-missing', 'field_path'],
    ['{"field_path":"","op":"remove"}', 422, 'path-missing', 'field_path'],
    [`{"field_path":"header.perihal","new_value":"${MARKER}"}`, 422, 'no-change', 'new_value'],
    ['{"field_path":"personel[1]","new_value":{"nrp" : "2"}}', 422, 'no-change', 'new_value'],
    ['{"field_path":"a..b","new_value":1}', 400, 'invalid-path', 'field_path'],
    ['{"field_path":"/a~2","new_value":1}', 400, 'invalid-path', 'field_path'],
    ['{"field_path":"header.perihal"}', 400, 'invalid-body', 'new_value'],
    ['{"field_path":"header.perihal","op":"move","new_value":1}', 400, 'invalid-body', 'op'],
    ['{"field_path":"header.perihal","op":"remove","new_value":1}', 400, 'invalid-body', 'new_value'],
    ['{"new_value":1}', 400, 'invalid-body', 'field_path'],
    ['{"corrections":[]}', 400, 'invalid-body', 'corrections'],
    ['{"corrections":{}}', 400, 'invalid-body', 'corrections'],
    [
      `{"corrections":[${Array<string>(1_001).fill('{"field_path":"a","new_value":1}').join()}]}`,
      400,
      'invalid-body',
      'corrections',
    ],
    ['{"field_path":"header.perihal","op":1,"new_value":1}', 400, 'invalid-body', 'op'],
    [
      `{"field_path":"header","new_value":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
      422,
      'too-deep',
      'new_value',
    ],
    [`{"field_path":"${'a.'.repeat(4_999)}a","new_value":1}`, 422, 'path-missing', 'field_path'],
    [`{"field_path":"${'a.'.repeat(5_000)}a","new_value":1}`, 400, 'invalid-path', 'field_path'],
    ['{"field_path":"__proto__","new_value":1}', 422, 'path-missing', 'field_path'],
    ['{"field_path":"constructor.name","new_value":1}', 422, 'path-missing', 'field_path'],
  ])('refuses correction %#', async (body, status, kind, field) => {
    const refused = await correct(body);
    expect([refused.status, kindOf(refused)]).toEqual([status, kind]);
    expect(refused.json.errors).toMatchObject([{ field }]);
    expect(await resultOf()).toBe(RESULT);
  });

  it('makes all of several corrections or none, and names the one at fault', async () => {
    const refused = await correct(
      '{"corrections":[{"field_path":"header.perihal","new_value":"x"},{"field_path":"x","new_value":1}]}',
    );
    expect(refused.json).toMatchObject({ errors: [{ field: 'corrections[1].field_path' }] });
    expect(await resultOf()).toBe(RESULT);
  });

  it('refuses a path through a key that stands twice', async () => {
    const other = JOB.replace('0', '1');
    await create('{"a":{"b":1},"a":{"b":2},"c":3}', { job_id: other });
    const refused = await correct('{"field_path":"a.b","new_value":3}', {}, other);
    expect([refused.status, kindOf(refused)]).toEqual([409, 'ambiguous-path']);
    expect((await correct('{"field_path":"c","new_value":4}', {}, other)).status).toBe(201);
  });

  it('requires the X-User-Id header, within its limits', async () => {
    for (const user of [null, '', '%20', 'x'.repeat(201), 'a\u00a0b'].map(
      (name) => name && Buffer.from(name).toString('latin1'),
    )) {
      const refused = await call('POST', `/jobs/${JOB}/corrections`, {
        body: '{"field_path":"header.perihal","new_value":"x"}',
        user,
      });
      expect([refused.status, kindOf(refused)]).toEqual([400, 'invalid-header']);
    }
    const accepted = await call('POST', `/jobs/${JOB}/corrections`, {
      body: '{"field_path":"header.perihal","new_value":"x"}',
      user: Buffer.from('Ñandú K').toString('latin1'),
    });
    expect(accepted.json.corrections).toMatchObject([{ corrected_by: 'Ñandú K' }]);
    const encoded = await call('POST', `/jobs/${JOB}/corrections`, {
      body: '{"field_path":"header.perihal","new_value":"y"}',
      user: encodeURIComponent('Ñandú K'),
    });
    expect(encoded.json.corrections).toMatchObject([{ corrected_by: 'Ñandú K' }]);
  });

  it('honours If-Match', async () => {
    const first = (await call('GET', `/jobs/${JOB}`)).headers.get('etag')!;
    const body = (value: number) => `{"field_path":"header.no","new_value":${value}}`;
    expect((await correct(body(1), { 'if-match': `, "other", , ${first}` })).status).toBe(201);
    const late = await correct(body(2), { 'if-match': first });
    expect([late.status, kindOf(late)]).toEqual([412, 'precondition-failed']);
    expect((await correct(body(3), { 'if-match': '*' })).status).toBe(201);
    expect((await correct(body(4), { 'if-match': `W/${first}` })).status).toBe(412);
    expect((await correct(body(5), { 'if-match': 'nonsense' })).status).toBe(400);
  });

  it('answers with the ETag that the job then has', async () => {
    const one = await correct('{"field_path":"header.no","new_value":1.50}');
    expect(one.headers.get('etag')).toBe(await tagOf());
    const several = await correct(
      '{"corrections":[{"field_path":"header.no","new_value":2},{"field_path":"header.baru","op":"add","new_value":"é"}]}',
    );
    expect(several.headers.get('etag')).toBe(await tagOf());
    const body = ' { "a" : [ null ] } ';
    const whole = await call('PUT', `/jobs/${JOB}/result?force=true`, { body });
    expect(whole.headers.get('etag')).toBe(await tagOf());
    const cleared = await correct('{"field_path":"","new_value":null}');
    expect([cleared.status, cleared.headers.get('etag')]).toEqual([201, await tagOf()]);
  });

  it('accepts the ETag as a proxy that compresses passes it on', async () => {
    const marked = [(tag: string) => `W/${tag}`, (tag: string) => tag.replace(/"$/, '-gzip"')];
    for (const [n, mark] of marked.entries()) {
      const body = `{"field_path":"header.no","new_value":${n}}`;
      expect((await correct(body, { 'if-match': mark(await tagOf()) })).status).toBe(201);
    }
  });

  it('answers 404 for jobs that do not exist', async () => {
    const unknown = await correct('{"field_path":"a","new_value":1}', {}, JOB.replace('0', '1'));
    expect([unknown.status, kindOf(unknown)]).toEqual([404, 'job-not-found']);
    expect(kindOf(await call('GET', '/jobs/x'))).toBe('invalid-parameters');
    expect((await call('GET', `/jobs/${JOB.replace('0', '1')}/corrections`)).status).toBe(404);
  });

  it('keeps the trail in the order of time after the clock was set back', async () => {
    await correct('{"field_path":"header.no","new_value":1}');
    await database.query(
      `insert into job_corrections (job_id, field_path, old_value, new_value, corrected_by, corrected_at)
       values ($1, 'header.no', '1', '2', 'from the future', '2099-01-01Z')`,
      [JOB],
    );
    await database.query(`update jobs set result = replace(result::text, '"no":1', '"no":2')::json`);
    const after = await correct('{"field_path":"header.no","new_value":3}');
    expect(after.json.corrections).toMatchObject([{ corrected_at: '2099-01-01T00:00:00Z' }]);
    const warning = "corrected_at is 2099-01-01T00:00:00Z, later than now, because the job's last change is";
    expect(after.json.warnings).toEqual([warning]);
    expect(await exportText(database.dataSource)).not.toContain('diverged');
  });
});

describe('PUT /jobs/{id}/result', () => {
  beforeEach(() => create());
  const put = async (body: string, query = '', tag?: string) =>
    call('PUT', `/jobs/${JOB}/result${query}`, { body, headers: { 'if-match': tag ?? (await tagOf()) } });
  const putBlind = (body: string, query = '') => call('PUT', `/jobs/${JOB}/result${query}`, { body });

  it('derives the corrections, and keeps the text of what is equal', async () => {
    const whole = `{"personel":[{"a":1,"nrp":"87031234"},{"nrp":"1"},{"nrp":"2"}],"header":{"no":198703212010011234,"perihal":"${MARKER}"}}`;
    const dry = await put(whole, '?dry_run=true');
    expect([dry.status, (dry.json.corrections as unknown[]).length]).toEqual([200, 2]);
    expect(dry.text).not.toContain('corrected_by');
    expect(await resultOf()).toBe(RESULT);
    const made = await put(whole);
    expect(made.status).toBe(201);
    // What a dry run shows is what is recorded.
    expect(made.json.corrections).toMatchObject(dry.json.corrections as object[]);
    expect(await resultOf()).toBe(
      `{"header":{"no":198703212010011234,"perihal":"${MARKER}"},"personel":[{"nrp":"87031234","a":1.0},{"nrp":"1"},{"nrp":"2"}]}`,
    );
    const again = await put(whole);
    expect([again.status, again.text]).toEqual([200, '{"corrections":[]}']);
    expect(again.headers.get('etag')).toBe(made.headers.get('etag'));
    expect(await exportText(database.dataSource)).toContain(`"initial_result":${RESULT},`);
  });

  it('takes a document only against the version that it was made from', async () => {
    const seen = await tagOf();
    await correct('{"field_path":"header.no","new_value":1}');
    // Made from the version before the correction, which it would take back.
    const mine = RESULT.replace('8703l234', '87031234');
    for (const tag of [undefined, '*']) {
      const headers: Record<string, string> = tag === undefined ? {} : { 'if-match': tag };
      const refused = await call('PUT', `/jobs/${JOB}/result`, { body: mine, headers });
      expect([refused.status, kindOf(refused)]).toEqual([428, 'precondition-required']);
    }
    const stale = await put(mine, '', seen);
    expect([stale.status, kindOf(stale)]).toEqual([412, 'precondition-failed']);
    expect(await resultOf()).toContain('"no":1');
    expect((await put(mine, '', `W/${await tagOf()}`)).status).toBe(201);
  });

  it('takes it against any version with force=true, but not against an If-Match that does not match', async () => {
    const stale = await put('{"a":1}', '?force=true', '"x"');
    expect([stale.status, kindOf(stale)]).toEqual([412, 'precondition-failed']);
    expect((await putBlind('{"a":1}', '?force=true')).status).toBe(201);
    expect((await put('{"a":2}', '?force=true', '*')).status).toBe(201);
    expect((await putBlind('{"a":3}', '?force=false')).status).toBe(428);
  });

  it('asks nothing of a dry run, but checks what it is sent', async () => {
    expect((await putBlind('{"a":1}', '?dry_run=true')).status).toBe(200);
    expect((await put('{"a":1}', '?dry_run=true', '*')).status).toBe(200);
    expect((await putBlind('{"a":1}', '?dry_run=true&force=true')).status).toBe(200);
    expect(await resultOf()).toBe(RESULT);
  });

  it('refuses the job itself, and says what to send', async () => {
    const { text } = await call('GET', `/jobs/${JOB}`);
    const edited = text.replace('8703l234', '87031234');
    for (const refused of [await put(edited), await put(edited, '?dry_run=true'), await put(text)]) {
      expect([refused.status, kindOf(refused)]).toEqual([422, 'job-instead-of-result']);
      expect(refused.json.detail).toContain('its member result');
    }
    expect(kindOf(await put(edited, '', '"x"'))).toBe('precondition-failed');
    expect((await call('GET', `/jobs/${JOB}`)).text).toBe(text);
    expect((await putBlind(edited, '?dry_run=true&force=true')).status).toBe(200);
    expect((await putBlind(edited, '?force=true')).status).toBe(201);
    expect(await resultOf()).toBe(edited);
  });

  it('refuses a dry run where the change would be refused', async () => {
    expect(kindOf(await put('{}', '?dry_run=true', '"x"'))).toBe('precondition-failed');
    await call('PUT', `/jobs/${JOB}/approval`);
    expect(kindOf(await put('{}', '?dry_run=true'))).toBe('approved');
  });

  it('records one correction of the whole document where there would be too many', async () => {
    const rows = (from: number) => JSON.stringify(Array.from({ length: 10_001 }, (_, n) => from + n));
    await database.clear();
    await create(rows(0));
    const made = await put(rows(20_000));
    expect(made.json).toMatchObject({
      corrections: [{ field_path: '', op: 'replace' }],
      whole_document: true,
    });
  });

  describe('with reasons', () => {
    const TYPE = 'application/vnd.ground-truth.result+json';
    const wanted = RESULT.replace('8703l234', '87031234').replace('},{"nrp":"2"}', ',"c/d":1}');
    const putReasoned = async (reasons: string, query = '', result = wanted) =>
      call('PUT', `/jobs/${JOB}/result${query}`, {
        body: `{"result":${result},"reasons":${reasons}}`,
        headers: { 'content-type': TYPE, 'if-match': await tagOf() },
      });

    it('records that of each correction whose path is named, in any spelling', async () => {
      const reasons = '{"personel[0][\\"nrp\\"]":"l dibaca 1","/personel/0/c~1d":"hilang"}';
      expect((await putReasoned(reasons, '?dry_run=true')).status).toBe(200);
      const made = await putReasoned(reasons);
      expect(made.status).toBe(201);
      const byPath = (made.json.corrections as { field_path: string; reason: string | null }[]).map(
        ({ field_path, reason }) => [field_path, reason],
      );
      expect(Object.fromEntries(byPath)).toEqual({
        'personel[0].nrp': 'l dibaca 1',
        'personel[0].c/d': 'hilang',
        'personel[1]': null,
      });
      expect(await resultOf()).toBe(wanted);
    });

    it.each([
      ['{"personel[0].a":"x"}', 'reasons."personel[0].a"'],
      ['{"a..b":"x"}', 'reasons."a..b"'],
      ['{"personel[0].nrp":"x","/personel/0/nrp":"y"}', 'reasons."/personel/0/nrp"'],
      ['{"personel[0][\\"nrp\\"]":"x","personel[0].nrp":"y"}', 'reasons."personel[0][\\"nrp\\"]"'],
      ['{"personel[0].nrp":1}', 'reasons.personel[0].nrp'],
      [`{"personel[0].nrp":"${'x'.repeat(10_001)}"}`, 'reasons.personel[0].nrp'],
      ['[]', 'reasons'],
    ])('refuses %#, and names it, also in a dry run', async (reasons, field) => {
      for (const query of ['', '?dry_run=true']) {
        const refused = await putReasoned(reasons, query);
        expect([refused.status, kindOf(refused)]).toEqual([400, 'invalid-body']);
        expect(refused.json.errors).toMatchObject([{ field }]);
      }
      expect(await resultOf()).toBe(RESULT);
    });

    it('refuses a reason where nothing changes, and a body without a result', async () => {
      expect((await putReasoned('{"personel[0].nrp":"x"}', '', RESULT)).status).toBe(400);
      expect((await putReasoned('{}', '', RESULT)).status).toBe(200);
      const headers = { 'content-type': TYPE, 'if-match': await tagOf() };
      const refused = await call('PUT', `/jobs/${JOB}/result`, { body: wanted, headers });
      expect(refused.json.errors).toContainEqual({ field: 'result', message: 'is missing' });
      const elsewhere = await call('POST', `/jobs/${JOB}/corrections`, { body: '{}', headers });
      expect(elsewhere.status).toBe(415);
    });

    it('takes a large body, which is read in a worker thread', async () => {
      const large = `{"text":"${'x'.repeat(600_000)}","a":1}`;
      await call('PUT', `/jobs/${JOB}/result?force=true`, { body: large });
      const made = await putReasoned('{"a":"salah"}', '', large.replace('1}', '2}'));
      expect(made.json.corrections).toMatchObject([{ field_path: 'a', reason: 'salah' }]);
    });
  });

  it('gives a result to a job without one', async () => {
    await database.clear();
    await create(null);
    expect((await put('{"a":1}')).status).toBe(201);
    const [line = ''] = linesOf(await exportText(database.dataSource));
    expect(line).toContain('"initial_result":null,"final_result":{"a":1}');
  });

  it('refuses text that is not JSON, or too deep', async () => {
    expect(kindOf(await put('{'))).toBe('invalid-body');
    expect(kindOf(await put(`${'['.repeat(5_001)}${']'.repeat(5_001)}`))).toBe('too-deep');
  });
});

describe('the ETag of a job', () => {
  beforeEach(() => create());

  it.each([
    ['result', `update jobs set result = '{"a":1}'`],
    [
      'trail',
      `insert into job_corrections (job_id, field_path, new_value, corrected_by) select id, 'a', '1', 'r' from jobs`,
    ],
    ['approval', `update jobs set approved = true`],
    ['reviewer', `update jobs set reviewed_by = 'r'`],
    ['time of the review', `update jobs set reviewed_at = '2020-01-01Z'`],
    ['flags', `update jobs set review_flags = '{x}'`],
  ])('changes with its %s', async (_, sql) => {
    const before = await tagOf();
    await database.query(sql);
    const after = await tagOf();
    expect(after).not.toBe(before);
    expect(await tagOf()).toBe(after);
  });

  it.each([
    ['filename', `update jobs set filename = 'b'`],
    ['source_kind', `update jobs set source_kind = 'image'`],
    ['confidence', `update jobs set confidence = 0.5`],
    ['created_at', `update jobs set created_at = '2020-01-01Z'`],
    ['original_sha256', `update jobs set original_sha256 = null`],
  ])('does not change with its %s', async (_, sql) => {
    const before = await tagOf();
    await database.query(sql);
    expect(await tagOf()).toBe(before);
  });

  it('tells a trail from another of the same length that leads to the same result', async () => {
    await correct('{"field_path":"header.no","new_value":1,"reason":"x"}');
    const before = await tagOf();
    const line = await exportText(database.dataSource, { approved_only: false });
    await importText(database.dataSource, line.replace('"reason":"x"', '"reason":"y"'), {
      onConflict: 'replace',
    });
    expect((await call('GET', `/jobs/${JOB}`)).json).toMatchObject({ correction_count: 1 });
    expect(await tagOf()).not.toBe(before);
  });

  it('differs between jobs in the same state', async () => {
    const other = JOB.replace('0', '1');
    await create(RESULT, { job_id: other });
    expect(await tagOf(other)).not.toBe(await tagOf());
  });
});

describe('the approval', () => {
  beforeEach(() => create());

  it('closes a job and opens it again, and its history stays', async () => {
    const approved = await call('PUT', `/jobs/${JOB}/approval`);
    expect(approved.json).toMatchObject({ approved: true, reviewed_by: 'rini.k' });
    const again = await call('PUT', `/jobs/${JOB}/approval`, { user: 'andi' });
    expect(again.text).toBe(approved.text);
    const refused = await correct('{"field_path":"header.no","new_value":1}');
    expect([refused.status, kindOf(refused)]).toEqual([409, 'approved']);
    expect(kindOf(await call('PUT', `/jobs/${JOB}/result?force=true`, { body: '{}' }))).toBe('approved');
    const reopened = await call('DELETE', `/jobs/${JOB}/approval`, { user: 'andi' });
    expect(reopened.json).toMatchObject({ approved: false, reviewed_by: 'andi' });
    expect((await correct('{"field_path":"header.no","new_value":1}')).status).toBe(201);
    expect(await database.query('select event, reviewed_by from job_events order by id')).toEqual([
      { event: 'approved', reviewed_by: 'rini.k' },
      { event: 'reopened', reviewed_by: 'andi' },
    ]);
    await expect(database.query(`update job_events set event = 'approved'`)).rejects.toThrow(/stays/);
    await expect(database.query('delete from job_events')).rejects.toThrow(/stays/);
  });

  it('requires a result, a user and the current version', async () => {
    const other = JOB.replace('0', '1');
    await create(null, { job_id: other });
    expect(kindOf(await call('PUT', `/jobs/${other}/approval`))).toBe('no-result');
    expect(kindOf(await call('PUT', `/jobs/${JOB}/approval`, { user: null }))).toBe('invalid-header');
    const stale = await call('PUT', `/jobs/${JOB}/approval`, { headers: { 'if-match': '"x"' } });
    expect(kindOf(stale)).toBe('precondition-failed');
  });
});

it.each([
  ['POST', '/jobs', '{"filename":"a","source_kind":"pdf"}'],
  ['POST', '/jobs/batch', ''],
  ['GET', `/jobs/${JOB}`, undefined],
  ['GET', `/jobs/${JOB}/corrections`, undefined],
  ['POST', `/jobs/${JOB}/corrections`, '{"field_path":"header.no","new_value":1}'],
  ['PUT', `/jobs/${JOB}/result`, '{}'],
  ['PUT', `/jobs/${JOB}/approval`, undefined],
  ['DELETE', `/jobs/${JOB}/approval`, undefined],
])('refuses a parameter that %s %s does not know, and does nothing', async (method, path, body) => {
  await create();
  const refused = await call(method, `${path}?dryrun=true`, body === undefined ? {} : { body });
  expect([refused.status, kindOf(refused)]).toEqual([400, 'invalid-parameters']);
  expect((await call('GET', '/jobs')).json.jobs).toMatchObject([{ correction_count: 0, approved: false }]);
});

it('logs the cause of a 500', async () => {
  const broken = await createTestDatabase();
  const other = await startServer({ DATABASE_URL: broken.url });
  try {
    await broken.query('drop table job_events');
    await broken.query('alter table jobs rename column filename to name');
    expect((await apiOf(() => other)('GET', '/jobs')).status).toBe(500);
    expect((await other.stop()).stderr).toMatch(/GET \/api\/v1\/jobs failed: \w+ 42703/);
  } finally {
    await other.stop();
    await broken.drop();
  }
});

it('requires If-Match with GROUND_TRUTH_REQUIRE_IF_MATCH', async () => {
  const strict = await startServer({ DATABASE_URL: database.url, GROUND_TRUTH_REQUIRE_IF_MATCH: 'true' });
  const callStrict = apiOf(() => strict);
  try {
    await create();
    const refused = await callStrict('PUT', `/jobs/${JOB}/approval`);
    expect([refused.status, kindOf(refused)]).toEqual([428, 'precondition-required']);
    // These say themselves that no version is meant.
    expect((await callStrict('PUT', `/jobs/${JOB}/result?dry_run=true`, { body: '{}' })).status).toBe(200);
    expect((await callStrict('PUT', `/jobs/${JOB}/result?force=true`, { body: '{}' })).status).toBe(201);
    const any = await callStrict('PUT', `/jobs/${JOB}/approval`, { headers: { 'if-match': '*' } });
    expect(any.status).toBe(200);
  } finally {
    await strict.stop();
  }
});

it('loses no correction of a hundred clients, and makes none twice', async () => {
  await create('{"n":0,"rows":[]}');
  const withTag = async (n: number): Promise<void> => {
    for (;;) {
      const tag = (await call('GET', `/jobs/${JOB}`)).headers.get('etag')!;
      const { status } = await correct(`{"field_path":"n","new_value":${n}.5}`, { 'if-match': tag });
      if (status === 201) return;
      expect(status).toBe(412);
    }
  };
  const blind = async (n: number): Promise<void> => {
    const { status } = await correct(`{"field_path":"/rows/-","op":"add","new_value":${n}}`);
    expect(status).toBe(201);
  };
  await Promise.all(Array.from({ length: 100 }, (_, n) => (n % 5 === 0 ? withTag(n) : blind(n))));
  const trail = (await call('GET', `/jobs/${JOB}/corrections`)).json.corrections as {
    new_value: number;
    corrected_at: string;
  }[];
  expect(trail.map(({ new_value }) => new_value).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 100 }, (_, n) => (n % 5 === 0 ? n + 0.5 : n)),
  );
  const times = await database.query<{ ordered: boolean }>(
    `select bool_and(corrected_at >= before) as ordered
     from (select corrected_at, lag(corrected_at) over (order by id) as before from job_corrections) as trail`,
  );
  expect(times).toEqual([{ ordered: true }]);
  expect(await exportText(database.dataSource)).toContain('"initial_result":{"n":0,"rows":[]},');
});
