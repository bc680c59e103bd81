import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { apiOf, kindOf } from '../setup/api.js';
import { runCommand } from '../setup/command.js';
import { importText, linesOf, readPlainBundled, sampleLine } from '../setup/corpus.js';
import { type TestDatabase } from '../setup/database.js';
import { bearer, createKey } from '../setup/keys.js';
import { type LocalServer, startLocalServer } from '../setup/local-server.js';
import { createOwnDatabase } from '../setup/own-database.js';

let database: TestDatabase;
let server: LocalServer;
let folder: string;
const keys: Record<string, string> = {};
const call = apiOf(() => server);
const file = (name: string) => path.join(folder, name);
const read = (name: string) => readFileSync(file(name), 'utf8');
const run = (...args: string[]) => runCommand(args, { env: { DATABASE_URL: database.url }, cwd: folder });
const manifestIn = (name: string) => JSON.parse(read(name)) as Record<string, unknown>;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

beforeAll(async () => {
  // Open transactions of other tests would hold the feed back.
  database = await createOwnDatabase();
  keys.own = await createKey(database, 'own', 'export');
  keys.other = await createKey(database, 'other', 'export');
  keys.admin = await createKey(database, 'all', 'admin');
  server = await startLocalServer({ DATABASE_URL: database.url, GROUND_TRUTH_AUTH: 'required' });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});
beforeEach(async () => {
  await database.clear();
  await importText(database.dataSource, await readPlainBundled());
  folder = mkdtempSync(path.join(tmpdir(), 'versions-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const EXPORT = ['export', '--out', 'corpus.jsonl', '--manifest', 'manifest.json'];

describe('export --manifest', () => {
  it('says what the corpus is', async () => {
    const began = new Date().toISOString();
    const exported = await run(...EXPORT, '--has-corrections', 'true', '--include', 'external_id,history');
    expect(exported.code).toBe(0);
    const corpus = read('corpus.jsonl');
    const lines = linesOf(corpus).map((line) => JSON.parse(line) as { created_at: string });
    const manifest = manifestIn('manifest.json');
    expect(Object.entries(manifest)).toEqual(
      Object.entries({
        format: 'ground-truth-corpus-1',
        tool: { name: 'ground-truth', version: '1.2.3-test' },
        filters: { approved_only: true, has_corrections: true },
        include: ['external_id', 'history'],
        snapshot_at: expect.any(String) as string,
        cursor: expect.any(String) as string,
        samples: lines.length,
        diverged: 0,
        bytes: Buffer.byteLength(corpus),
        sha256: sha256(corpus),
        first_created_at: lines[0]!.created_at,
        last_created_at: lines.at(-1)!.created_at,
      }),
    );
    expect(lines.length).toBeGreaterThan(10);
    const at = String(manifest.snapshot_at);
    expect(began <= at && at <= new Date().toISOString()).toBe(true);
    expect(statSync(file('manifest.json')).mode & 0o777).toBe(0o600);
  });

  it('has no cursor where the feed has no such selection, and none of the times of no samples', async () => {
    await run(...EXPORT, '--limit', '3');
    expect(manifestIn('manifest.json')).toMatchObject({ cursor: null, samples: 3, filters: { limit: 3 } });
    await database.clear();
    await run(...EXPORT, '--allow-empty');
    expect(manifestIn('manifest.json')).toMatchObject({
      samples: 0,
      first_created_at: null,
      last_created_at: null,
    });
  });

  it('has the cursor behind which everything is that the corpus does not have', async () => {
    await run(...EXPORT);
    const { cursor } = manifestIn('manifest.json');
    const [first, second] = linesOf(read('corpus.jsonl')).map(
      (line) => (JSON.parse(line) as { job_id: string }).job_id,
    );
    await database.query('delete from jobs where id = $1', [first]);
    await database.query('update jobs set approved = false where id = $1', [second]);
    await importText(
      database.dataSource,
      sampleLine({ approved: true }, { initial_result: '1', final_result: '1' }),
    );
    await run('changes', '--cursor', String(cursor), '--out', 'changes.jsonl');
    // The erased, the reopened, the new one, and the cursor.
    expect(linesOf(read('changes.jsonl'))).toHaveLength(4);
    await run('merge', 'corpus.jsonl', 'changes.jsonl', '--out', 'merged.jsonl');
    await run(...EXPORT);
    expect(read('merged.jsonl')).toBe(read('corpus.jsonl'));
  });

  it('describes what is in a compressed file, and what went to standard output', async () => {
    await run('export', '--out', 'corpus.jsonl.gz', '--manifest', 'manifest.json');
    const text = gunzipSync(readFileSync(file('corpus.jsonl.gz'))).toString();
    expect(manifestIn('manifest.json')).toMatchObject({
      bytes: Buffer.byteLength(text),
      sha256: sha256(text),
    });
    const { stdout } = await run('export', '--manifest', 'other.json');
    expect(manifestIn('other.json')).toMatchObject({ sha256: sha256(stdout.toString()) });
  });

  it.each([
    ['--manifest', ''],
    ['--manifest', '-'],
    ['--manifest', './corpus.jsonl'],
  ])('refuses %s %j', async (...flags) => {
    const refused = await run('export', '--out', 'corpus.jsonl', ...flags);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('--manifest: ');
  });
});

describe('check', () => {
  beforeEach(async () => {
    await run(...EXPORT);
  });

  it('finds a corpus sound, and with its manifest whole', async () => {
    const alone = await run('check', 'corpus.jsonl');
    expect(alone).toMatchObject({ code: 0, stderr: '' });
    expect(alone.stdout.toString()).toMatch(
      /\nsound; whether lines are missing cannot be told without the manifest/,
    );
    const whole = await run('check', 'corpus.jsonl', '--manifest', 'manifest.json');
    expect(whole).toMatchObject({ code: 0, stderr: '' });
    expect(whole.stdout.toString()).toMatch(/\nsound, whole and unaltered: it is what the manifest says\n$/);
    writeFileSync(file('corpus.jsonl.gz'), gzipSync(read('corpus.jsonl')));
    expect(await run('check', 'corpus.jsonl.gz', '--manifest', 'manifest.json')).toMatchObject({ code: 0 });
  });

  type Alter = (corpus: string) => string | Buffer;
  const altered = (change: (lines: string[]) => void) => (corpus: string) => {
    const lines = linesOf(corpus);
    change(lines);
    return lines.map((line) => `${line}\n`).join('');
  };
  it.each<[name: string, alter: Alter, reason: string]>([
    [
      'a line missing in the middle',
      altered((lines) => {
        lines.splice(5, 1);
      }),
      'samples: 209, and the manifest says 210\n',
    ],
    [
      'two lines swapped',
      altered((lines) => {
        lines.splice(5, 2, lines[6]!, lines[5]!);
      }),
      'line 7: is not in the order of an export',
    ],
    [
      'a bit flipped',
      (corpus) => {
        const bytes = Buffer.from(corpus);
        bytes[bytes.indexOf('"pangkat":"') + 12]! ^= 1;
        return bytes;
      },
      'the SHA-256: ',
    ],
    [
      'a truncated gzip',
      (corpus) => gzipSync(corpus).subarray(0, -20),
      'corpus.jsonl cannot be read: it is not a whole gzip file',
    ],
    [
      'a trail that does not replay',
      (corpus) => corpus.replace('"new_value":"', '"new_value":"x'),
      'does not match the document at that point of the trail (value_differs)',
    ],
  ])('finds %s', async (_: string, alter: Alter, reason: string) => {
    writeFileSync(file('corpus.jsonl'), alter(read('corpus.jsonl')));
    const found = await run('check', 'corpus.jsonl', '--manifest', 'manifest.json');
    expect(found).toMatchObject({ code: 3, stderr: '' });
    expect(found.stdout.toString()).toContain(reason);
    expect(found.stdout.toString()).toMatch(/\nnot sound\n$/);
  });

  it('finds the manifest of another corpus, and refuses what is none', async () => {
    await run('export', '--limit', '10', '--out', 'other.jsonl', '--manifest', 'other.json');
    expect(await run('check', 'corpus.jsonl', '--manifest', 'other.json')).toMatchObject({ code: 3 });
    writeFileSync(file('none.json'), '{"a":1}');
    for (const name of ['none.json', 'corpus.jsonl', 'nowhere.json'])
      expect(await run('check', 'corpus.jsonl', '--manifest', name)).toMatchObject({ code: 1 });
  });
});

describe('diff', () => {
  beforeEach(async () => {
    await run('export', '--out', 'before.jsonl');
    const [first] = linesOf(read('before.jsonl')).map(
      (line) => (JSON.parse(line) as { job_id: string }).job_id,
    );
    await database.query('delete from jobs where id = $1', [first]);
    await database.query(`update jobs set result = replace(result::text, '"pangkat":"BRIPKA"', $1)::json`, [
      '"pangkat":"BRIP|KA ``"',
    ]);
    await importText(
      database.dataSource,
      sampleLine({ approved: true }, { initial_result: '1', final_result: '1' }),
    );
    await run('export', '--out', 'after.jsonl.gz');
  });

  it('shows what has changed, with old and new values', async () => {
    const shown = await run('diff', 'before.jsonl', 'after.jsonl.gz');
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    const text = shown.stdout.toString();
    expect(text).toMatch(/^added +1$/m);
    expect(text).toMatch(/^removed +1$/m);
    expect(text).toMatch(/final_result\.personel\[\*\]\.pangkat$/m);
    expect(text).toMatch(/final_result\.personel\[\d\]\.pangkat +"BRIPKA" +"BRIP\|KA ``"$/m);
  });

  it('as JSON has all of it', async () => {
    const { stdout } = await run('diff', 'before.jsonl', 'after.jsonl.gz', '--json');
    const found = JSON.parse(stdout.toString()) as Record<string, unknown> & {
      fields: { field: string; values: number; examples: object[] }[];
    };
    expect(found).toMatchObject({
      added: 1,
      removed: 1,
      moved: 0,
      before: { name: 'before.jsonl', samples: 210 },
    });
    const field = found.fields.find((each) => each.field === 'final_result.personel[*].pangkat')!;
    expect(field.values).toBeGreaterThan(10);
    expect(field.examples[0]).toMatchObject({ op: 'replace', old_value: 'BRIPKA', new_value: 'BRIP|KA ``' });
  });

  it('as Markdown is made of tables whose cells no value can leave', async () => {
    const { stdout } = await run('diff', 'before.jsonl', 'after.jsonl.gz', '--markdown');
    const rows = stdout
      .toString()
      .split('\n')
      .filter((line) => line.startsWith('|'));
    const cells = (row: string) => row.split(/(?<!\\)\|/).length;
    for (const row of rows) expect([3 + 1, 4 + 1, 5 + 1]).toContain(cells(row));
    expect(rows.find((row) => row.includes('BRIP\\|KA'))).toMatch(/ ``` "BRIP\\\|KA ``" ``` \|$/);
  });

  it('tells by its exit code, if it is asked to', async () => {
    expect(await run('diff', 'before.jsonl', 'after.jsonl.gz', '--exit-code')).toMatchObject({ code: 3 });
    expect(await run('diff', 'before.jsonl', 'before.jsonl', '--exit-code')).toMatchObject({ code: 0 });
    expect(await run('diff', 'before.jsonl', 'nowhere')).toMatchObject({ code: 1 });
    expect(await run('diff', '-', '-')).toMatchObject({ code: 2 });
    expect(await run('diff', 'before.jsonl', 'before.jsonl', '--json', '--markdown')).toMatchObject({
      code: 2,
    });
  });
});

describe('GET /ground-truth/exports/{id}', () => {
  it('says how the export ended, to its key and to admin', async () => {
    const asked = (path: string, key: string) => call('GET', path, { headers: bearer(keys[key]!) });
    for (const path of ['/ground-truth/export?limit=7', '/ground-truth/changes?limit=7']) {
      const exported = await asked(path, 'own');
      const id = exported.headers.get('export-id')!;
      const samples = linesOf(exported.text).filter((line) => line.includes('"initial_result":')).length;
      for (const key of ['own', 'admin']) {
        const found = await asked(`/ground-truth/exports/${id.toUpperCase()}`, key);
        expect(found.status).toBe(200);
        expect(found.json).toMatchObject({
          ...{ id, who: 'own', via: 'http', outcome: 'complete', samples },
          ...{ bytes: Buffer.byteLength(exported.text), sha256: sha256(exported.text) },
        });
      }
      const hidden = await asked(`/ground-truth/exports/${id}`, 'other');
      expect([hidden.status, kindOf(hidden)]).toEqual([404, 'export-not-found']);
    }
    const none = await asked('/ground-truth/exports/0197a1b2-0000-7000-8000-000000000001', 'admin');
    expect([none.status, kindOf(none)]).toEqual([404, 'export-not-found']);
    const wrong = await asked('/ground-truth/exports/42', 'own');
    expect([wrong.status, kindOf(wrong)]).toEqual([400, 'invalid-parameters']);
  });

  it('shows the exports of commands to admin only', async () => {
    await run('export');
    const [entry] = (await run('access-log', '--json', '--limit', '1')).stdout.toString().split('\n');
    const { id, who } = JSON.parse(entry!) as { id: string; who: string };
    const sameName = await createKey(database, who, 'export');
    const asked = (key: string) => call('GET', `/ground-truth/exports/${id}`, { headers: bearer(key) });
    expect((await asked(sameName)).status).toBe(404);
    expect((await asked(keys.admin!)).json).toMatchObject({ id, via: 'cli', outcome: 'complete' });
  });
});
