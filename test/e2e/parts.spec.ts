import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { canCompress } from '../../src/platform/files/compression.js';
import { runCommand } from '../setup/command.js';
import { linesOf } from '../setup/corpus.js';
import { type TestDatabase } from '../setup/database.js';
import { createOwnDatabase } from '../setup/own-database.js';
import { insertVariousJobs, readManifestIn, readParts } from '../setup/parts.js';

const JOBS = 1_200;
const PART_BYTES = 32 * 1024;

let database: TestDatabase;
/** Of the running test. */
let folder: string | undefined;
const file = (...names: string[]) => path.join(folder!, ...names);
const run = (...args: string[]) =>
  runCommand(args, { env: { DATABASE_URL: database.url }, ...(folder && { cwd: folder }) });
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const ALL = ['--approved-only', 'false'];

/** Exports to a folder, which succeeds. */
async function exportParts(name: string, ...flags: string[]): Promise<string> {
  const exported = await run('export', '--out', `${name}/`, '--part-size', '32KiB', ...flags);
  expect(exported).toMatchObject({ code: 0 });
  return exported.stderr;
}

async function exportWhole(...flags: string[]): Promise<Buffer> {
  return (await run('export', ...flags)).stdout;
}

beforeAll(async () => {
  // Open transactions of other tests would hold the feed back.
  database = await createOwnDatabase();
  await insertVariousJobs(database, JOBS);
});
afterAll(() => database.drop());
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'parts-'));
});
afterEach(() => {
  rmSync(folder!, { recursive: true });
  folder = undefined;
});

describe('export to a folder', () => {
  it('gives the same parts with any number of readers, and together they are the corpus', async () => {
    const whole = await exportWhole(...ALL);
    for (const readers of [1, 2, 4]) {
      const said = await exportParts(`by-${readers}`, ...ALL, '--readers', String(readers));
      expect(said).toMatch(
        new RegExp(`^1,200 samples, .* MB in .* parts written to by-${readers}/ by ${readers} reader`),
      );
      expect(readParts(file(`by-${readers}`)).equals(whole)).toBe(true);
    }
    const { parts, ...manifest } = readManifestIn(file('by-1'));
    expect(manifest).toMatchObject({ samples: JOBS, bytes: whole.length, sha256: null });
    expect(readManifestIn(file('by-2')).parts).toEqual(parts);
    expect(readManifestIn(file('by-4')).parts).toEqual(parts);
    expect(parts.length).toBeGreaterThan(whole.length / PART_BYTES);
    expect(readdirSync(file('by-4'))).toEqual(['manifest.json', ...parts.map(({ name }) => name)]);
    for (const [index, { name, first, last, samples, bytes, sha256: digest }] of parts.entries()) {
      expect(name).toBe(`part-${String(index).padStart(5, '0')}.jsonl`);
      const content = readFileSync(file('by-2', name));
      const lines = linesOf(content.toString()).map((line) => JSON.parse(line) as typeof first);
      expect({ samples, bytes, digest }).toEqual({
        samples: lines.length,
        bytes: content.length,
        digest: sha256(content),
      });
      expect(lines[0]).toMatchObject(first);
      expect(lines.at(-1)).toMatchObject(last);
      expect(bytes).toBeLessThanOrEqual(PART_BYTES);
    }
  });

  it('cuts lines that are longer than a part apart', async () => {
    const { stderr } = await run('export', '--out', 'single/', '--part-size', '1B', '--limit', '50');
    expect(stderr).toMatch(/^50 samples, .* in 50 parts/);
    expect(readParts(file('single')).equals(await exportWhole('--limit', '50'))).toBe(true);
  });

  it.each([
    ['with the filters of an export', ['--has-corrections', 'true', '--include', 'all']],
    ['within a limit', [...ALL, '--limit', '777']],
    ['of a window, by one reader', [...ALL, '--since', '2025-01-01T00:01:00Z', '--limit', '500']],
  ])('has the samples %s', async (_, flags) => {
    const said = await exportParts('parts', ...flags, '--readers', '2');
    const isWindow = flags.includes('--since');
    expect(said).toContain(isWindow ? 'by 1 reader\n' : 'by 2 readers\n');
    const whole = await exportWhole(...flags);
    expect(whole.length).toBeGreaterThan(2 * PART_BYTES);
    expect(readParts(file('parts')).equals(whole)).toBe(true);
    expect(await run('check', 'parts')).toMatchObject({ code: 0 });
  });

  it('compresses parts, also to one file of several members', async () => {
    const whole = await exportWhole(...ALL);
    await exportParts('parts', ...ALL, '--compress', 'gzip');
    const { parts } = readManifestIn(file('parts'));
    expect(parts[1]!.name).toBe('part-00001.jsonl.gz');
    expect(sha256(gunzipSync(readFileSync(file('parts', parts[1]!.name))))).toBe(parts[1]!.sha256);
    expect(gunzipSync(readParts(file('parts'))).equals(whole)).toBe(true);
    writeFileSync(file('all.jsonl.gz'), readParts(file('parts')));
    expect(await run('check', 'all.jsonl.gz', '--manifest', 'parts/manifest.json')).toMatchObject({
      code: 0,
    });
    expect(await run('check', 'parts/')).toMatchObject({ code: 0 });
  });

  it('compresses with zstd where Node does', async () => {
    const exported = await run('export', '--out', 'parts/', '--compress', 'zstd', '--part-size', '64KB');
    expect(exported.code).toBe(canCompress('zstd') ? 0 : 2);
    const checked = await run('check', 'parts/');
    expect(checked.code).toBe(canCompress('zstd') ? 0 : 1);
    expect(exported.stderr).toContain(
      canCompress('zstd') ? 'samples, ' : '--compress: zstd needs Node 22.15',
    );
  });

  it('is of one moment while others write', async () => {
    let isWriting = true;
    const write = async () => {
      for (let n = 0; isWriting; n++) {
        await insertVariousJobs(database, 5, `2024-12-31T23:${String(n % 60).padStart(2, '0')}:00Z`);
        await database.query(
          `update jobs set review_flags = array['f${n}'] where result ->> 'n' = '${n % 500}'`,
        );
        await database.query(`delete from jobs where id in (select id from jobs order by random() limit 2)`);
        await sleep(20);
      }
    };
    const writing = write();
    for (const readers of [1, 4]) await exportParts(`by-${readers}`, ...ALL, '--readers', String(readers));
    isWriting = false;
    await writing;
    const whole = await exportWhole(...ALL);
    for (const name of ['by-1', 'by-4']) {
      expect(await run('check', name)).toMatchObject({ code: 0 });
      // What changed since its moment makes it the corpus of now, which it could not if it had two.
      const cursor = readManifestIn(file(name)).cursor!;
      await run('changes', ...ALL, '--cursor', cursor, '--out', 'changes.jsonl');
      const { stdout } = await run('merge', name, 'changes.jsonl');
      expect(stdout.equals(whole)).toBe(true);
    }
  });

  it('has one entry in the access log, with the digest of the manifest', async () => {
    const before = await database.query('select id from access_log');
    await exportParts('parts', ...ALL);
    const [entry, ...more] = await database.query(
      `select filter::jsonb as filter, outcome, samples, bytes, sha256
       from access_log join access_log_outcomes using (id) where id <> all ($1)`,
      [before.map(({ id }) => id)],
    );
    expect(more).toEqual([]);
    const { samples, bytes } = readManifestIn(file('parts'));
    expect(entry).toMatchObject({
      filter: { approved_only: false, part_size: PART_BYTES },
      outcome: 'complete',
      sha256: sha256(readFileSync(file('parts/manifest.json'))),
    });
    expect({ samples: Number(entry!.samples), bytes: Number(entry!.bytes) }).toEqual({ samples, bytes });
  });

  it('replaces a corpus that is there, and nothing else', async () => {
    await exportParts('parts', ...ALL);
    writeFileSync(file('parts/README'), 'mine');
    await exportParts('parts', ...ALL, '--limit', '100');
    expect(readParts(file('parts')).equals(await exportWhole(...ALL, '--limit', '100'))).toBe(true);
    const { parts } = readManifestIn(file('parts'));
    expect(readdirSync(file('parts'))).toEqual(['README', 'manifest.json', ...parts.map(({ name }) => name)]);

    const empty = await run('export', '--out', 'parts', '--flag', 'none');
    expect(empty).toMatchObject({ code: 1 });
    expect(empty.stderr).toContain('use --allow-empty');
    expect(await run('check', 'parts')).toMatchObject({ code: 0 });
    await exportParts('parts', '--flag', 'none', '--allow-empty');
    expect(readdirSync(file('parts'))).toEqual(['README', 'manifest.json']);
    expect(await run('check', 'parts')).toMatchObject({ code: 0 });
  });

  it('refuses a folder with files that it would mix up', async () => {
    mkdirSync(file('parts'));
    writeFileSync(file('parts/part-00007.jsonl'), 'mine');
    const foreign = await run('export', '--out', 'parts');
    expect(foreign).toMatchObject({ code: 1 });
    expect(foreign.stderr).toContain('part-00007.jsonl is there, and no manifest names it');
    rmSync(file('parts/part-00007.jsonl'));
    await run('export', '--out', 'parts/corpus.jsonl', '--manifest', 'parts/manifest.json');
    const whole = await run('export', '--out', 'parts');
    expect(whole).toMatchObject({ code: 1 });
    expect(whole.stderr).toContain('is in one file');
    writeFileSync(file('parts/manifest.json'), '{"name":"app"}');
    expect(await run('export', '--out', 'parts')).toMatchObject({ code: 1 });
    expect(readdirSync(file('parts'))).toEqual(['corpus.jsonl', 'manifest.json']);
    const { stderr } = await run('export', '--out', 'parts/corpus.jsonl/');
    expect(stderr).toBe('ground-truth: parts/corpus.jsonl/: a part of the path is not a folder\n');
  });

  it.each([
    [['--out', 'corpus.jsonl', '--readers', '2'], '--readers: is for a corpus in parts'],
    [['--part-size', '1MB'], '--part-size: is for a corpus in parts'],
    [['--out', 'parts/', '--part-size', '1 parsec'], '--part-size: "1 parsec" is not a size'],
    [['--out', 'parts/', '--part-size', '0'], '--part-size: "0" is not a size'],
    [['--out', 'parts/', '--compress', 'lzma'], '--compress: "lzma" is not gzip or zstd'],
    [['--out', 'parts/', '--readers', '0'], '--readers: "0" is not a whole number'],
    [['--out', 'parts/', '--manifest', 'm.json'], '--manifest: a corpus in parts has one'],
  ])('refuses %j', async (flags, reason) => {
    const refused = await run('export', ...flags);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain(reason);
    expect(readdirSync(folder!)).toEqual([]);
  });
});

describe('a folder of parts', () => {
  let exported: string;
  let whole: Buffer;

  beforeAll(async () => {
    exported = mkdtempSync(path.join(tmpdir(), 'parts-'));
    await run('export', '--out', exported, '--part-size', '8KiB', '--limit', '60');
    whole = readParts(exported);
  });
  afterAll(() => {
    rmSync(exported, { recursive: true });
  });
  beforeEach(() => {
    cpSync(exported, file('parts'), { recursive: true });
    writeFileSync(file('whole.jsonl'), whole);
  });

  it('is a corpus for each command that takes one', async () => {
    const first = JSON.parse(linesOf(whole.toString())[0]!) as { job_id: string; final_result: unknown };
    const prediction = { job_id: first.job_id, result: first.final_result };
    writeFileSync(file('predictions.jsonl'), `${JSON.stringify(prediction)}\n`);
    for (const args of [
      ['check', 'CORPUS'],
      ['errors', '--corpus', 'CORPUS'],
      ['coverage', '--corpus', 'CORPUS', '--as-of', '2025-06-30'],
      ['evaluate', 'predictions.jsonl', '--corpus', 'CORPUS'],
    ]) {
      const of = (corpus: string) => run(...args.map((arg) => (arg === 'CORPUS' ? corpus : arg)));
      const [inParts, inOne] = [await of('parts/'), await of('whole.jsonl')];
      const text = (stdout: Buffer) => stdout.toString().replace(/\nsound.*\n$/, '');
      expect(text(inParts.stdout)).toBe(text(inOne.stdout));
      expect(inParts.code).toBe(inOne.code);
    }
    expect(await run('diff', 'parts', 'whole.jsonl', '--exit-code')).toMatchObject({ code: 0 });
    const skipped = await run('import', 'parts', '--on-conflict', 'skip');
    expect(skipped.stderr).toMatch(/^0 jobs imported, .* skipped because they already exist/);
    const makeDataset = (corpus: string) =>
      run('dataset', '--corpus', corpus, '--out', 'dataset', '--split', 'train=1');
    const inParts = await makeDataset('parts');
    expect(inParts.stderr).toMatch(/\d rows? written to dataset/);
    expect(await makeDataset('whole.jsonl')).toEqual(inParts);
  });

  const alterations: [string, (at: (name: string) => string) => void, string][] = [
    [
      'lacks a part',
      (at) => {
        rmSync(at('part-00002.jsonl'));
      },
      'part-00002.jsonl is missing',
    ],
    [
      'has a part more',
      (at) => {
        writeFileSync(at('part-99999.jsonl'), '');
      },
      'part-99999.jsonl is not among the parts',
    ],
    [
      'has two parts in each other’s place',
      (at) => {
        renameSync(at('part-00001.jsonl'), at('x'));
        renameSync(at('part-00002.jsonl'), at('part-00001.jsonl'));
        renameSync(at('x'), at('part-00002.jsonl'));
      },
      'part-00001.jsonl is not what the manifest says',
    ],
    [
      'has an altered byte',
      (at) => {
        const bytes = readFileSync(at('part-00002.jsonl'));
        bytes[bytes.indexOf('"text":"x') + 8] = 0x79;
        writeFileSync(at('part-00002.jsonl'), bytes);
      },
      'part-00002.jsonl is not what the manifest says',
    ],
    [
      'lacks the last line',
      (at) => {
        const { name } = readManifestIn(at('.')).parts.at(-1)!;
        const text = readFileSync(at(name), 'utf8');
        writeFileSync(at(name), text.replace(/[^\n]*\n$/, ''));
      },
      'ends too early',
    ],
    [
      'has a line more',
      (at) => {
        const { name } = readManifestIn(at('.')).parts.at(-1)!;
        writeFileSync(at(name), readFileSync(at(name), 'utf8').replace(/[^\n]*\n$/, '$&$&'));
      },
      'there is more than what the manifest says',
    ],
  ];

  it.each(alterations)('that %s is not sound, and no command takes it', async (_, alter, reason) => {
    alter((name) => file('parts', name));
    const checked = await run('check', 'parts');
    expect(checked).toMatchObject({ code: 3 });
    expect(checked.stdout.toString()).toContain(reason);
    for (const args of [
      ['diff', 'parts', 'whole.jsonl'],
      ['import', 'parts', '--on-conflict', 'skip'],
    ]) {
      const refused = await run(...args);
      expect(refused).toMatchObject({ code: 1 });
      expect(refused.stderr).toContain(reason);
    }
  });

  it.each([
    ['leads out of the folder', (text: string) => text.replace('part-00000.jsonl', '../whole.jsonl')],
    ['names a part twice', (text: string) => text.replace('part-00001.jsonl', 'part-00000.jsonl')],
    [
      'has a part of no bytes',
      (text: string) => text.replace(/"bytes": (\d+),\n {6}"sha/, '"bytes": 0,\n      "sha'),
    ],
  ])('with a manifest that %s is refused', async (_, alter) => {
    const text = readFileSync(file('parts/manifest.json'), 'utf8');
    expect(alter(text)).not.toBe(text);
    writeFileSync(file('parts/manifest.json'), alter(text));
    const refused = await run('check', 'parts');
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain('is no manifest: ');
  });

  it('without its manifest is no corpus', async () => {
    rmSync(file('parts/manifest.json'));
    const refused = await run('check', 'parts');
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain('has no manifest.json');
  });
});
