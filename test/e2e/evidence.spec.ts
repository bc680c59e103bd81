import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { apiOf, kindOf } from '../setup/api.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { MARKER } from '../setup/log-watch.js';
import { startServer, type TestServer } from '../setup/server.js';

const JOB = '01972a3c-5f00-7c3e-9b1a-2f64a0c1d2e3';
const RESULT = '{"rows":[{"nrp":"8703l234"},{"nrp":"2"}],"a":1.0}';
const FIELDS = '{"rows[0].nrp":{"confidence":0.50,"quote":"x"},"rows[1].nrp":{"confidence":1e0},"a":{}}';
const PRODUCER = '{"model":"layout-3","v":1.0}';
const MEGABYTE = 1024 * 1024;

const sha256Of = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');

let database: TestDatabase;
let server: TestServer;
const call = apiOf(() => server);

beforeAll(async () => {
  database = await createTestDatabase();
  server = await startServer({ DATABASE_URL: database.url, GROUND_TRUTH_MAX_SOURCE_MB: '4' });
});
afterAll(async () => {
  expect(await server.stop()).toMatchObject({ code: 0, signal: null });
  await database.drop();
});
beforeEach(async () => {
  await database.clear();
  await database.query('delete from contents');
});

function bodyOf(parts: Record<string, string>): string {
  return `{${Object.entries(parts)
    .map(([name, text]) => `"${name}":${text}`)
    .join(',')}}`;
}
const create = (parts: Record<string, string> = {}, id = JOB) =>
  call('POST', '/jobs', {
    body: bodyOf({
      job_id: `"${id}"`,
      filename: `"${MARKER}"`,
      source_kind: '"pdf"',
      result: RESULT,
      ...parts,
    }),
  });
const send = (content: string | Buffer, sha256 = sha256Of(content), headers: Record<string, string> = {}) =>
  call('PUT', `/sources/${sha256}`, {
    body: content,
    headers: { 'content-type': 'image/png', ...headers },
  });
const add = (parts: Record<string, string>) => call('PUT', `/jobs/${JOB}/evidence`, { body: bodyOf(parts) });
const sampleOf = async () => (await call('GET', `/ground-truth/samples/${JOB}?include=all`)).text;
const TEXT_SOURCE = JSON.stringify([{ kind: 'ocr_text', page: 1, text: `${MARKER} "1"` }]);

async function stored(): Promise<unknown> {
  const [row] = await database.query(
    'select (select count(*)::int from contents) as contents, (select count(*)::int from content_slices) as slices',
  );
  return row;
}

describe('evidence of a job', () => {
  it('comes with it, and is given out as it was written', async () => {
    const created = await create({ producer: PRODUCER, fields: FIELDS, sources: TEXT_SOURCE });
    expect(created.status).toBe(201);
    const digest = sha256Of(`${MARKER} "1"`);
    expect(created.text).toContain(
      `"producer":${PRODUCER},"sources":[{"kind":"ocr_text","page":1,"media_type":"text/plain","sha256":"${digest}","uri":null,"size":${MARKER.length + 4}}],` +
        '"fields":{"rows[0].nrp":{"confidence":0.50,"quote":"x","touched":false},"rows[1].nrp":{"confidence":1e0,"touched":false},"a":{"touched":false}}',
    );
    expect(created.json).toMatchObject({ lowest_field_confidence: 0.5 });
    expect(await sampleOf()).toContain(
      `"external_id":null,"producer":${PRODUCER},"sources":[{"kind":"ocr_text","page":1,"media_type":"text/plain","sha256":"${digest}","uri":null,"text":${JSON.stringify(`${MARKER} "1"`)}}],"fields":${FIELDS},"history":[]}`,
    );
    expect((await call('GET', `/ground-truth/samples/${JOB}`)).text).not.toContain('producer');
    expect((await create({ producer: PRODUCER, fields: FIELDS, sources: TEXT_SOURCE })).status).toBe(200);
    expect((await create()).status).toBe(200);
    const other = await create({ producer: '{"model":"layout-4"}' });
    expect([other.status, kindOf(other)]).toEqual([409, 'job-exists']);
  });

  it('has its fields at the paths that they have now', async () => {
    await create({ fields: FIELDS });
    const corrections = [
      { op: 'add', field_path: 'rows[0]', new_value: { nrp: '0' } },
      { field_path: 'rows[1].nrp', new_value: '87031234' },
      { op: 'remove', field_path: 'a' },
    ];
    await call('POST', `/jobs/${JOB}/corrections`, { body: JSON.stringify({ corrections }) });
    expect((await call('GET', `/jobs/${JOB}`)).text).toContain(
      '"fields":{"rows[1].nrp":{"confidence":0.50,"quote":"x","touched":true},"rows[2].nrp":{"confidence":1e0,"touched":false}},"result"',
    );
    expect(await sampleOf()).toContain(`"fields":${FIELDS}`);
  });

  it('can be added later, each part once', async () => {
    await create();
    const version = (await call('GET', `/jobs/${JOB}`)).headers.get('etag');
    const added = await add({ producer: PRODUCER });
    expect([added.status, added.headers.get('etag')]).toEqual([200, version]);
    const again = await add({ producer: PRODUCER, fields: FIELDS });
    expect([again.status, kindOf(again), again.json.errors]).toEqual([
      409,
      'evidence-exists',
      [{ field: 'producer', message: 'the job has it already; it is written once' }],
    ]);
    expect(await sampleOf()).toContain(`"producer":${PRODUCER},"sources":[],"fields":null`);
    expect((await add({ fields: FIELDS, sources: TEXT_SOURCE })).json).toMatchObject({
      lowest_field_confidence: 0.5,
      producer: { model: 'layout-3' },
      sources: [{ kind: 'ocr_text' }],
    });
    expect((await add({ sources: TEXT_SOURCE })).status).toBe(409);
    expect((await create()).status).toBe(200);
    const none = await add({ producer: 'null' });
    expect([none.status, none.json.detail]).toEqual([400, 'the body has none of producer, sources, fields']);
    const unknown = await call('PUT', `/jobs/${JOB.replace('0', '1')}/evidence`, { body: '{"producer":{}}' });
    expect(unknown.status).toBe(404);
  });

  it.each([
    ['an escaped slash', String.raw`"\/rows\/1\/nrp"`],
    ['a slash as its number', String.raw`"\u002frows/1/nrp"`],
  ])('resolves a JSON Pointer with %s', async (_, pointer) => {
    await create();
    await add({ fields: `{${pointer}:{"confidence":0.1}}` });
    expect(await sampleOf()).toContain('"fields":{"rows[1].nrp":{"confidence":0.1}}');
  });

  it('resolves JSON Pointers in the initial result, also after corrections', async () => {
    await create();
    const correction = { op: 'remove', field_path: 'rows[0]' };
    await call('POST', `/jobs/${JOB}/corrections`, { body: JSON.stringify(correction) });
    await add({ fields: '{"/rows/1/nrp":{"confidence":0.1}}' });
    expect(await sampleOf()).toContain('"fields":{"rows[1].nrp":{"confidence":0.1}}');
    expect((await call('GET', `/jobs/${JOB}`)).text).toContain(
      '"fields":{"rows[0].nrp":{"confidence":0.1,"touched":false}}',
    );
  });

  it('sends reviewers where it hurts', async () => {
    const ids = ['1', '2', '3', '4', '0'].map((last) => JOB.slice(0, -1) + last);
    const [least, middle, most, none, later] = ids as [string, string, string, string, string];
    await create({ fields: '{"a":{"confidence":0.3}}', producer: PRODUCER }, middle);
    await create({ fields: '{"a":{"confidence":0.9},"rows":{"confidence":0.1}}' }, least);
    await create({ fields: '{"a":{"confidence":1}}', producer: '{"model":"x:limit"}' }, most);
    await create({}, none);
    await create({}, later);
    const list = async (query: string) => {
      const { status, json } = await call('GET', `/jobs?${query}`);
      expect(status).toBe(200);
      return json as { jobs: { job_id: string }[]; next_cursor: string | null };
    };
    const idsOf = async (query: string) => (await list(query)).jobs.map(({ job_id }) => job_id);
    expect(await idsOf('sort=lowest_field_confidence')).toEqual([least, middle, most, none, later]);
    expect(await idsOf('field_confidence_lt=0.3')).toEqual([least]);
    expect(await idsOf('producer=model=layout-3')).toEqual([middle]);
    expect(await idsOf('producer=model=x:limit')).toEqual([most]);
    expect(await idsOf(`producer=${sha256Of(PRODUCER)}`)).toEqual([middle]);
    const walked: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await list(`sort=lowest_field_confidence&limit=1${cursor && `&cursor=${cursor}`}`);
      walked.push(...page.jobs.map(({ job_id }) => job_id));
      cursor = page.next_cursor;
    }
    expect(walked).toEqual([least, middle, most, none, later]);
    const bad = await call('GET', '/jobs?producer=layout');
    expect([bad.status, bad.json.detail]).toEqual([
      400,
      'producer: "layout" is not the SHA-256 digest of a producer, or member=value, such as model=layout-3',
    ]);
    const { json } = await call('GET', '/ground-truth/stats?producer=model%3Dlayout-3');
    expect(json).toMatchObject({
      total_jobs: 1,
      producers: [{ sha256: sha256Of(PRODUCER), producer: { model: 'layout-3' }, jobs: 1, corrections: 0 }],
    });
  });

  it('may be many lines at once', async () => {
    const lines = ['1', '2'].map((last) =>
      bodyOf({
        job_id: `"${JOB.slice(0, -1)}${last}"`,
        filename: '"a"',
        source_kind: '"pdf"',
        result: RESULT,
        producer: PRODUCER,
        sources: TEXT_SOURCE,
        fields: FIELDS,
      }),
    );
    const body = lines.map((line) => `${line}\n`).join('');
    const headers = { 'content-type': 'application/x-ndjson' };
    expect((await call('POST', '/jobs/batch', { body, headers })).json).toEqual({ created: 2, unchanged: 0 });
    expect((await call('POST', '/jobs/batch', { body, headers })).json).toEqual({ created: 0, unchanged: 2 });
    expect(await stored()).toEqual({ contents: 1, slices: 1 });
    const refused = await call('POST', '/jobs/batch', {
      body: body.replaceAll('"kind"', '"file":"/etc/passwd","kind"'),
      headers,
    });
    expect([refused.status, refused.json.errors]).toMatchObject([
      400,
      [{ field: 'line 1: sources[0].file' }, {}],
    ]);
  });

  it('is never fetched from where it is said to be', async () => {
    let asked = 0;
    const listener = createServer((socket) => {
      asked++;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    const uri = `http://127.0.0.1:${port}/page.png`;
    const sources = JSON.stringify([{ kind: 'page_image', uri, sha256: sha256Of('there') }]);
    expect((await create({ sources })).status).toBe(201);
    expect(await sampleOf()).toContain(`"uri":${JSON.stringify(uri)}}]`);
    await call('GET', `/jobs/${JOB}`);
    expect((await call('GET', `/sources/${sha256Of('there')}`)).status).toBe(404);
    await sleep(200);
    expect(asked).toBe(0);
    listener.close();
  });

  it.each<[string, Record<string, string>, string]>([
    [
      'a digest of nothing',
      { sources: `[{"kind":"a","sha256":"${sha256Of('no')}"}]` },
      'sources[0].sha256: is not held here; send the content first: PUT /api/v1/sources/{sha256}',
    ],
    [
      'a digest that differs',
      { sources: `[{"kind":"a","text":"x","sha256":"${sha256Of('no')}"}]` },
      `sources[0].sha256: is not the digest of text, which is ${sha256Of('x')}`,
    ],
    [
      'a NUL in text',
      { sources: String.raw`[{"kind":"a","text":"x\u0000"}]` },
      'sources[0].text: contains a NUL character',
    ],
    [
      '2,001 sources',
      { sources: JSON.stringify(Array.from({ length: 2_001 }, () => ({ kind: 'a', uri: 'b' }))) },
      'sources: has more than 2,000 elements',
    ],
    [
      'a file',
      { sources: '[{"kind":"a","file":"/etc/passwd"}]' },
      'sources[0].file: is only for ground-truth import with --sources',
    ],
    [
      'a box outside the page',
      { fields: '{"a":{"bbox":[0,0,1.2,1]}}' },
      'fields["a"].bbox: is not [x0,y0,x1,y1] with numbers from 0 to 1, shares of the page, and x0 ≤ x1, y0 ≤ y1',
    ],
  ])('is refused with %s', async (_, parts, detail) => {
    const refused = await create(parts);
    expect([refused.status, kindOf(refused)]).toEqual([400, 'invalid-body']);
    expect(refused.json.detail).toContain(detail);
    expect(await stored()).toEqual({ contents: 0, slices: 0 });
    expect((await call('GET', `/jobs/${JOB}`)).status).toBe(404);
  });

  it('counts for the budget of a job, held text too', async () => {
    const text = Buffer.alloc(4 * MEGABYTE - 1, '"');
    expect((await send(text, sha256Of(text), { 'content-type': 'text/plain' })).status).toBe(201);
    const held = JSON.stringify(
      Array.from({ length: 40 }, () => ({ kind: 'ocr_text', sha256: sha256Of(text) })),
    );
    const refused = await create({ sources: held });
    expect([refused.status, kindOf(refused)]).toEqual([422, 'job-too-large']);
    const images = Buffer.alloc(4 * MEGABYTE - 1, 'x');
    await send(images);
    const many = JSON.stringify(
      Array.from({ length: 2_000 }, () => ({ kind: 'a', sha256: sha256Of(images) })),
    );
    expect((await create({ sources: many })).status).toBe(201);
  });
});

describe('the content of a source', () => {
  it('is held once, whatever its length, and given out as it was sent', async () => {
    for (const length of [0, 1, MEGABYTE + 1, 4 * MEGABYTE]) {
      const content = randomBytes(length);
      const first = await send(content);
      expect([first.status, first.json]).toEqual([201, { sha256: sha256Of(content) }]);
      expect((await send(content)).status).toBe(200);
      const response = await fetch(`${server.url}/api/v1/sources/${sha256Of(content).toUpperCase()}`);
      expect(response.status).toBe(200);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': 'image/png',
        'content-length': String(length),
        'cache-control': 'private, max-age=31536000, immutable',
        etag: `"${sha256Of(content)}"`,
        'x-content-type-options': 'nosniff',
        'content-security-policy': "sandbox; default-src 'none'",
        'content-disposition': `inline; filename="${sha256Of(content)}.png"`,
        'accept-ranges': 'bytes',
      });
      expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true);
    }
  });

  it('is given out in parts, and not again', async () => {
    const content = randomBytes(2 * MEGABYTE);
    const url = `${server.url}/api/v1/sources/${sha256Of(content)}`;
    await send(content);
    const ask = async (headers: Record<string, string>, method = 'GET') => {
      const response = await fetch(url, { headers, method });
      return { response, body: Buffer.from(await response.arrayBuffer()) };
    };
    const part = await ask({ range: 'bytes=5-1500000' });
    expect([part.response.status, part.response.headers.get('content-range')]).toEqual([
      206,
      `bytes 5-1500000/${2 * MEGABYTE}`,
    ]);
    expect(part.body.equals(content.subarray(5, 1_500_001))).toBe(true);
    expect((await ask({ range: 'bytes=-3' })).body.equals(content.subarray(-3))).toBe(true);
    const beyond = await ask({ range: `bytes=${2 * MEGABYTE}-` });
    expect([beyond.response.status, beyond.response.headers.get('content-range')]).toEqual([
      416,
      `bytes */${2 * MEGABYTE}`,
    ]);
    for (const range of ['bytes=0-1,5-6', 'lines=1-2', 'bytes=x'])
      expect((await ask({ range })).body).toHaveLength(2 * MEGABYTE);
    const tag = `"${sha256Of(content)}"`;
    expect((await ask({ range: 'bytes=0-1', 'if-range': '"other"' })).response.status).toBe(200);
    expect((await ask({ range: 'bytes=0-1', 'if-range': tag })).response.status).toBe(206);
    expect((await ask({ 'if-none-match': tag })).response.status).toBe(304);
    const head = await ask({}, 'HEAD');
    expect([head.response.status, head.response.headers.get('content-length')]).toEqual([
      200,
      String(2 * MEGABYTE),
    ]);
  });

  it.each([
    ['text/html', 'attachment', 'html'],
    ['image/svg+xml', 'attachment', 'svg'],
    ['application/pdf', 'inline', 'pdf'],
    ['image/jpeg', 'inline', 'jpg'],
    ['application/x-unheard-of', 'attachment', 'bin'],
  ])('of the type %s is an %s', async (type, disposition, extension) => {
    const content = `x ${type}`;
    await send(content, sha256Of(content), { 'content-type': type });
    const response = await fetch(`${server.url}/api/v1/sources/${sha256Of(content)}`);
    expect(response.headers.get('content-disposition')).toBe(
      `${disposition}; filename="${sha256Of(content)}.${extension}"`,
    );
  });

  it('is refused if it is not what was said, or too long', async () => {
    const differs = await send('abc', sha256Of('abd'));
    expect([differs.status, kindOf(differs), differs.json.detail]).toEqual([
      422,
      'digest-differs',
      `the SHA-256 digest of the body is ${sha256Of('abc')}`,
    ]);
    const large = randomBytes(2 * MEGABYTE);
    expect((await send(large, sha256Of('abd'))).status).toBe(422);
    const tooLong = await send(randomBytes(4 * MEGABYTE + 1));
    expect([tooLong.status, kindOf(tooLong)]).toEqual([413, 'payload-too-large']);
    expect((await send('abc', 'abc')).status).toBe(400);
    expect((await send('abc', sha256Of('abc'), { 'content-encoding': 'gzip' })).status).toBe(415);
    expect((await call('GET', `/sources/${sha256Of('abc')}`)).status).toBe(404);
    expect(await stored()).toEqual({ contents: 0, slices: 0 });
    await send('abc');
    expect((await send('abd', sha256Of('abc'))).status).toBe(422);
  });

  it('without a length is refused when it becomes too long', async () => {
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const request = http.request(
        `${server.url}/api/v1/sources/${sha256Of('x')}`,
        { method: 'PUT' },
        resolve,
      );
      request.on('error', reject);
      for (let sent = 0; sent <= 4; sent++) request.write(Buffer.alloc(MEGABYTE));
      request.end();
    });
    response.resume();
    expect(response.statusCode).toBe(413);
    expect(await stored()).toEqual({ contents: 0, slices: 0 });
  });

  it('leaves nothing behind if its sender leaves', async () => {
    const socket = connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.on('error', () => undefined);
    socket.write(
      `PUT /api/v1/sources/${sha256Of('x')} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${3 * MEGABYTE}\r\n\r\n`,
    );
    socket.write(Buffer.alloc(2 * MEGABYTE));
    const open = () =>
      database.query(
        `select from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`,
      );
    while ((await open()).length === 0) await sleep(20);
    socket.destroy();
    while ((await open()).length > 0) await sleep(20);
    expect(await stored()).toEqual({ contents: 0, slices: 0 });
  });
});
