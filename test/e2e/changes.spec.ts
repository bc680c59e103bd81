import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { kindOf, apiOf } from '../setup/api.js';
import { runCommand } from '../setup/command.js';
import { importText, linesOf, sampleLine } from '../setup/corpus.js';
import { type TestDatabase } from '../setup/database.js';
import { createOwnDatabase } from '../setup/own-database.js';
import { startServer, type TestServer } from '../setup/server.js';

const id = (n: number) => `0197a1b2-0000-7000-8000-${String(n).padStart(12, '0')}`;
const line = (n: number, members: Record<string, unknown> = {}) =>
  sampleLine({
    job_id: id(n),
    approved: true,
    created_at: `2025-06-01T10:15:0${n % 3}${n % 2 === 0 ? '.5' : ''}Z`,
    initial_result: { n },
    final_result: { n },
    ...members,
  });
const all = (count: number) => Array.from({ length: count }, (_, n) => line(n + 1)).join('');

let database: TestDatabase;
let server: TestServer;
let folder: string;
const call = apiOf(() => server);
const file = (name: string) => path.join(folder, name);
const read = (name: string) => readFileSync(file(name), 'utf8');
const run = (...args: string[]) => runCommand(args, { env: { DATABASE_URL: database.url }, cwd: folder });

beforeAll(async () => {
  database = await createOwnDatabase();
  server = await startServer({ DATABASE_URL: database.url });
});
afterAll(async () => {
  expect(await server.stop()).toMatchObject({ code: 0, signal: null });
  await database.drop();
});
beforeEach(async () => {
  await database.clear();
  await database.query('truncate job_changes');
  folder = mkdtempSync(path.join(tmpdir(), 'changes-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const feed = (query: string, headers: Record<string, string> = {}) =>
  call('GET', `/ground-truth/changes?${query}`, { headers });
const endOf = (text: string) =>
  JSON.parse(linesOf(text).at(-1)!) as { op: string; cursor: string; more: boolean; waiting: number | null };

/** Changes every third job in one of several ways. */
async function changeSome(count: number): Promise<void> {
  for (let n = 1; n <= count; n += 3) {
    if (n % 4 === 0) await database.query('delete from jobs where id = $1', [id(n)]);
    else if (n % 4 === 1) await call('DELETE', `/jobs/${id(n)}/approval`);
    else
      await importText(
        database.dataSource,
        line(n, { filename: 'new', created_at: '2020-01-01T00:00:00Z' }),
        { onConflict: 'replace' },
      );
  }
  await importText(database.dataSource, line(count + 1));
}

describe('GET /ground-truth/changes', () => {
  it('gives everything, then what has changed, and last the cursor', async () => {
    await importText(database.dataSource, all(5) + line(6, { approved: false }));
    const first = await feed('limit=3');
    expect([first.status, first.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
    expect(linesOf(first.text).slice(0, 3)).toEqual(
      [1, 2, 3].map((n) => `{"op":"upsert","job_id":"${id(n)}","sample":${line(n).trimEnd()}}`),
    );
    expect(endOf(first.text)).toEqual({
      op: 'cursor',
      cursor: expect.any(String) as string,
      more: true,
      waiting: null,
    });
    const rest = await feed(`cursor=${endOf(first.text).cursor}`);
    expect(linesOf(rest.text)).toHaveLength(4);
    expect(linesOf(rest.text)[2]).toBe(`{"op":"remove","job_id":"${id(6)}","reason":"filtered"}`);
    const { cursor } = endOf(rest.text);
    await call('DELETE', `/jobs/${id(2)}/approval`);
    await database.query('delete from jobs where id = $1', [id(1)]);
    expect(linesOf((await feed(`cursor=${cursor}`)).text).slice(0, -1)).toEqual([
      `{"op":"remove","job_id":"${id(2)}","reason":"filtered"}`,
      `{"op":"remove","job_id":"${id(1)}","reason":"erased"}`,
    ]);
  });

  it('answers 304 while nothing is new, and only to whom nothing is', async () => {
    await importText(database.dataSource, all(3));
    const first = await feed('limit=2');
    const tag = first.headers.get('etag')!;
    const { cursor } = endOf(first.text);
    // The head is the same, but there is more behind this cursor.
    expect((await feed(`cursor=${cursor}`, { 'if-none-match': tag })).status).toBe(200);
    const { cursor: last } = endOf((await feed(`cursor=${cursor}`)).text);
    const again = await feed(`cursor=${last}`);
    const head = again.headers.get('etag')!;
    expect(linesOf(again.text)).toHaveLength(1);
    expect((await feed(`cursor=${last}`, { 'if-none-match': head })).status).toBe(304);
    await importText(database.dataSource, line(4));
    expect((await feed(`cursor=${last}`, { 'if-none-match': head })).status).toBe(200);
  });

  it.each<[string, number, string]>([
    ['cursor=x', 400, 'invalid-parameters'],
    ['limit=0', 400, 'invalid-parameters'],
    ['limit=100001', 400, 'invalid-parameters'],
    ['since=2025-01-01', 400, 'invalid-parameters'],
  ])('refuses %s', async (query, status, kind) => {
    const refused = await feed(query);
    expect([refused.status, kindOf(refused)]).toEqual([status, kind]);
  });

  it('refuses a cursor of other filters, or of another database', async () => {
    await importText(database.dataSource, all(1));
    const { cursor } = endOf((await feed('')).text);
    const other = await feed(`cursor=${cursor}&include=history`);
    expect([other.status, kindOf(other)]).toEqual([400, 'invalid-parameters']);
    expect((await run('changes', '--reset')).code).toBe(0);
    const expired = await feed(`cursor=${cursor}`);
    expect([expired.status, kindOf(expired)]).toEqual([410, 'cursor-expired']);
  });

  it('is broken off, not ended, where its reader could take a part for the whole', async () => {
    await database.query(
      `insert into jobs (filename, source_kind, result, approved)
       select 'f', 'pdf', json_build_object('text', repeat('x', 100000)), true from generate_series(1, 600)`,
    );
    const socket = connect(server.port, '127.0.0.1');
    const errors: string[] = [];
    socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? ''));
    socket.write('GET /api/v1/ground-truth/changes HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n');
    await new Promise((resolve) => socket.once('readable', resolve));
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where query like '%job_changes%' and pid <> pg_backend_pid()`,
    );
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    await new Promise((resolve) => socket.once('close', resolve));
    expect(errors).toEqual(['ECONNRESET']);
    expect(text).not.toContain('"op":"cursor"');
  });
});

describe('the recipe in Python', () => {
  const RECIPE = path.resolve(__dirname, '../../docs/recipes/follow-changes.py');
  const follow = (url = server.url) =>
    spawnSync('python3', [RECIPE, url, file('copy'), '--query', 'limit=4'], { encoding: 'utf8' });
  const copy = () =>
    spawnSync(
      'python3',
      [
        '-c',
        `import sqlite3, sys; [print(r[0]) for r in sqlite3.connect(sys.argv[1]).execute('select sample from samples')]`,
        file('copy'),
      ],
      { encoding: 'utf8' },
    ).stdout;
  const exported = async () => linesOf((await run('export')).stdout.toString()).sort();

  it('keeps a copy, also through a reset', async () => {
    await importText(database.dataSource, all(10));
    expect(follow()).toMatchObject({ status: 0, stderr: '10 samples\n' });
    await changeSome(10);
    expect(follow().status).toBe(0);
    expect(linesOf(copy()).sort()).toEqual(await exported());
    await database.query('delete from jobs where id = $1', [id(2)]);
    await run('changes', '--reset');
    expect(follow().status).toBe(0);
    expect(linesOf(copy()).sort()).toEqual(await exported());
  });

  it('keeps nothing of an answer without its last line', async () => {
    const answer = `{"op":"remove","job_id":"${id(1)}","reason":"erased"}\n`;
    await importText(database.dataSource, all(2));
    follow();
    const cut = createServer((_, response) => response.end(answer)).listen(0, '127.0.0.1');
    await once(cut, 'listening');
    const { port } = cut.address() as AddressInfo;
    const child = spawn('python3', [RECIPE, `http://127.0.0.1:${port}`, file('copy')], { stdio: 'ignore' });
    expect(await once(child, 'exit')).toEqual([1, null]);
    cut.close();
    expect(linesOf(copy()).sort()).toEqual(await exported());
  });
});

describe('ground-truth changes and merge', () => {
  it('keep a copy of the corpus, byte for byte', async () => {
    await importText(database.dataSource, all(30));
    writeFileSync(file('corpus.jsonl'), '');
    for (let round = 0; round < 3; round++) {
      expect(await run('changes', '--state', 'cursor', '--out', 'changes.jsonl')).toMatchObject({ code: 0 });
      expect(await run('merge', 'corpus.jsonl', 'changes.jsonl', '--out', 'corpus.jsonl')).toMatchObject({
        code: 0,
      });
      expect(read('corpus.jsonl')).toBe((await run('export')).stdout.toString());
      await changeSome(30 + round);
    }
    expect(statSync(file('cursor')).mode & 0o777).toBe(0o600);
    expect(await run('changes', '--state', 'cursor', '--out', 'a.gz')).toMatchObject({ code: 0 });
    writeFileSync(file('corpus.jsonl.gz'), gzipSync(read('corpus.jsonl')));
    const merged = await run('merge', 'corpus.jsonl.gz', 'a.gz');
    expect(merged.stdout.toString()).toBe((await run('export')).stdout.toString());
    // Again, and with nothing new.
    writeFileSync(file('corpus.jsonl'), merged.stdout);
    expect((await run('merge', 'corpus.jsonl', 'a.gz')).stdout.equals(merged.stdout)).toBe(true);
  });

  it('keeps the cursor as it was if the output is not complete', async () => {
    await importText(database.dataSource, all(3));
    const failed = await run('changes', '--state', 'cursor', '--out', 'no/such/folder');
    expect(failed).toMatchObject({ code: 1 });
    expect(existsSync(file('cursor'))).toBe(false);
  });

  it.each<[string, string, string]>([
    [
      'an answer without its last line',
      `{"op":"remove","job_id":"${id(1)}","reason":"erased"}\n`,
      'changes: the last line is not the cursor: the answer is not whole',
    ],
    [
      'an answer that ends within a line',
      '{"op":"cursor","cursor":"x","more":false,"waiting":null}',
      'changes: line 1 has no end: the file is not whole',
    ],
    ['no answer', '', 'changes: the last line is not the cursor: the answer is not whole'],
    ['something else', '{"a":1}\n', 'changes: line 1 is not a line of the feed'],
    [
      'a sample of another job',
      `{"op":"upsert","job_id":"${id(1)}","sample":${line(2).trimEnd()}}\n`,
      'changes: line 1 is not a line of the feed',
    ],
  ])('merge refuses %s', async (_, changes, reason) => {
    writeFileSync(file('corpus.jsonl'), all(2));
    writeFileSync(file('changes'), changes);
    const refused = await run('merge', 'corpus.jsonl', 'changes', '--out', 'corpus.jsonl');
    expect(refused).toMatchObject({ code: 1, stderr: `ground-truth: ${reason}\n` });
    expect(read('corpus.jsonl')).toBe(all(2));
  });

  it('merge refuses a corpus that is cut off, or none', async () => {
    writeFileSync(file('changes'), '{"op":"cursor","cursor":"x","more":false,"waiting":null}\n');
    writeFileSync(file('cut'), all(2).slice(0, -5));
    writeFileSync(file('other'), '{"a":1}\n');
    expect((await run('merge', 'cut', 'changes')).stderr).toBe(
      'ground-truth: cut: line 2 has no end: the file is not whole\n',
    );
    expect((await run('merge', 'other', 'changes')).stderr).toBe(
      'ground-truth: other: line 1 is not a sample as an export writes it\n',
    );
  });
});
