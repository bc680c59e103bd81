import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ContentsRepository } from '../../src/corpus/evidence/contents.repository.js';
import { SLICE_SIZE } from '../../src/corpus/evidence/content-writer.js';
import { BadInputError } from '../../src/corpus/import/bad-input.js';
import { type ImportOptions } from '../../src/corpus/import/import.service.js';
import { SourceFolder } from '../../src/corpus/import/source-folder.js';
import { ContentFolder } from '../../src/ground-truth/commands/content-folder.js';
import { INCLUDES } from '../../src/ground-truth/evidence-sql.js';
import {
  exportService,
  exportSamples,
  exportText,
  importText,
  jobsIn,
  linesOf,
  sampleLine,
  verifyService,
} from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';

const sha256Of = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');
const ALL = new Set(INCLUDES);
const JOBS = ['0197a1b2-0000-7000-8000-000000000001', '0197a1b2-0000-7000-8000-000000000002'] as const;
const TEXT = 'Hal 1 "kutip" \\ \u0001\u001f\t\n — 𝄞\u2028';
const PRODUCER = '{"model":"layout-3","version":1.0,"n":1e400}';
const FIELDS = '{"a":{"confidence":0.50,"bbox":[0,0.1,1,1.0],"more":[-0]},"b.c":{"confidence":0.75}}';

let database: TestDatabase;
let folder: string;
let contents: ContentsRepository;

beforeAll(async () => {
  database = await createTestDatabase();
  contents = new ContentsRepository(database.dataSource);
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.clear();
  await database.query('delete from contents; delete from producers');
  folder = mkdtempSync(path.join(tmpdir(), 'sources-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const source = (members: Record<string, unknown>) =>
  JSON.stringify({ kind: 'ocr_text', page: null, media_type: null, sha256: null, uri: null, ...members });
/** As an export writes it. */
const TEXT_SOURCE = source({ page: 1, media_type: 'text/plain', sha256: sha256Of(TEXT), text: TEXT });
const line = (members: Record<string, unknown>, json: Record<string, string> = {}) =>
  sampleLine({ initial_result: { a: 1 }, final_result: { a: 1 }, ...members }, json);
/** A line with all members, as an export writes it. */
const whole = (job_id: string, json: Record<string, string>) =>
  line(
    { job_id, external_id: null, producer: null, sources: [], fields: null, history: [] },
    { producer: PRODUCER, fields: FIELDS, sources: `[${TEXT_SOURCE}]`, ...json },
  );
const bringIn = async (input: string, options: Partial<ImportOptions> = {}) =>
  importText(database.dataSource, input, options);
const bringOut = async () => exportText(database.dataSource, { include: ALL });
const openFolder = async (name = folder) => ({ sources: (await SourceFolder.open(name, 1e9))! });

async function faultsOf(input: string, options: Partial<ImportOptions> = {}): Promise<string[]> {
  const error: unknown = await bringIn(input, options).catch((reason: unknown) => reason);
  if (!(error instanceof BadInputError)) throw new Error('the input was not refused', { cause: error });
  expect(await counts()).toEqual({ jobs: 0, contents: 0, slices: 0, sources: 0, evidence: 0, producers: 0 });
  return error.faults.map(({ field, reason }) => `${field}: ${reason}`);
}

async function counts(): Promise<Record<string, number>> {
  const [row] = await database.query<Record<string, number>>(`select
    (select count(*)::int from jobs) as jobs, (select count(*)::int from contents) as contents,
    (select count(*)::int from content_slices) as slices, (select count(*)::int from job_sources) as sources,
    (select count(*)::int from job_evidence) as evidence, (select count(*)::int from producers) as producers`);
  return row!;
}

/** Exports everything to lines and a folder. */
async function exportWith(target: string): Promise<string> {
  const blocks: Buffer[] = [];
  const filter = { approved_only: false, include: ALL };
  const corpus = exportService(database.dataSource).export(filter, {
    contents: await ContentFolder.open(target),
  });
  for await (const block of corpus) blocks.push(block);
  return Buffer.concat(blocks).toString();
}

const hold = (content: Buffer, mediaType = 'image/png') =>
  contents.receive(sha256Of(content), mediaType, inBlocks(content), 1e9);

async function* inBlocks(content: Buffer, size = 100_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += size)
    yield await Promise.resolve(content.subarray(at, at + size));
}

describe('evidence', () => {
  it('comes in and goes out byte for byte, and the sample without it is as ever', async () => {
    const corpus = whole(JOBS[0], {}) + whole(JOBS[1], { producer: 'null', fields: 'null', sources: '[]' });
    await bringIn(corpus);
    expect(await bringOut()).toBe(corpus);
    expect(await exportText(database.dataSource)).toBe(line({ job_id: JOBS[0] }) + line({ job_id: JOBS[1] }));
    expect(await counts()).toMatchObject({ contents: 1, slices: 1, sources: 1, evidence: 1, producers: 1 });
    expect(await database.query('select lowest_field_confidence as lowest from jobs order by id')).toEqual([
      { lowest: 0.5 },
      { lowest: null },
    ]);
  });

  it('goes round with its contents, into an empty database', async () => {
    const images = [
      randomBytes(2 * SLICE_SIZE + 17),
      randomBytes(SLICE_SIZE),
      randomBytes(3),
      Buffer.alloc(0),
    ];
    for (const image of images) await hold(image);
    await hold(Buffer.from('<p>x</p>'), 'text/html');
    const digests = [...images, '<p>x</p>'].map((content) =>
      source({ kind: 'page_image', sha256: sha256Of(content) }),
    );
    await bringIn(
      whole(JOBS[0], { sources: `[${[...digests, TEXT_SOURCE].join(',')}]` }) + whole(JOBS[1], {}),
    );
    const corpus = await exportWith(path.join(folder, 'out'));
    expect(corpus).toContain(`"media_type":"image/png","sha256":"${sha256Of(images[0]!)}","uri":null}`);
    expect(corpus).toContain(
      `"media_type":"text/html","sha256":"${sha256Of('<p>x</p>')}","uri":null,"text":"<p>x</p>"}`,
    );
    expect(readdirSync(path.join(folder, 'out')).sort()).toEqual(
      [
        ...images.map((image) => `${sha256Of(image)}.png`),
        `${sha256Of('<p>x</p>')}.html`,
        `${sha256Of(TEXT)}.txt`,
      ].sort(),
    );
    for (const image of images)
      expect(readFileSync(path.join(folder, 'out', `${sha256Of(image)}.png`)).equals(image)).toBe(true);

    await database.clear();
    await database.query('delete from contents');
    await bringIn(corpus, await openFolder(path.join(folder, 'out')));
    expect(await exportWith(path.join(folder, 'again'))).toBe(corpus);
    expect(readdirSync(path.join(folder, 'again')).sort()).toEqual(
      readdirSync(path.join(folder, 'out')).sort(),
    );
  });

  it('takes files that lines name, once each, with the digest and the type that they have', async () => {
    mkdirSync(path.join(folder, 'scan 1'));
    writeFileSync(path.join(folder, 'scan 1', 'p1.png'), 'image');
    writeFileSync(path.join(folder, 'p1.txt'), 'ä text');
    const sources = JSON.stringify([
      { kind: 'page_image', page: 1, file: 'scan 1/p1.png' },
      { kind: 'ocr_text', page: 1, file: './p1.txt' },
      { kind: 'page_image', page: 2, file: 'scan 1/p1.png', sha256: sha256Of('image') },
    ]);
    await bringIn(line({ sources: [] }, { sources }), await openFolder());
    const [sample] = await exportSamples(database.dataSource, { include: new Set(['sources'] as const) });
    expect(sample!.sources).toEqual([
      { kind: 'page_image', page: 1, media_type: 'image/png', sha256: sha256Of('image'), uri: null },
      {
        kind: 'ocr_text',
        page: 1,
        media_type: 'text/plain',
        sha256: sha256Of('ä text'),
        uri: null,
        text: 'ä text',
      },
      { kind: 'page_image', page: 2, media_type: 'image/png', sha256: sha256Of('image'), uri: null },
    ]);
    expect(await counts()).toMatchObject({ contents: 2, slices: 2 });
  });

  it('is refused where a file is not what it should be', async () => {
    const outside = mkdtempSync(path.join(tmpdir(), 'outside-'));
    writeFileSync(path.join(outside, 'secret'), 'x');
    symlinkSync(path.join(outside, 'secret'), path.join(folder, 'link'));
    writeFileSync(path.join(folder, 'page.png'), 'image');
    writeFileSync(path.join(folder, `${sha256Of('a')}.png`), 'b');
    const given = (members: object) => line({ sources: [{ kind: 'page_image', ...members }] });
    const refused = async (members: object) => faultsOf(given(members), await openFolder());
    for (const file of ['../outside/secret', '/etc/passwd', 'a/../../b', String.raw`a\..\b`])
      expect(await refused({ file })).toEqual([
        'sources[0].file: is not a name relative to the folder of sources, without ".."',
      ]);
    expect(await refused({ file: 'link' })).toEqual(['sources[0].file: leads outside the folder of sources']);
    expect(await refused({ file: 'none.png' })).toEqual([
      'sources[0].file: cannot be read in the folder of sources (ENOENT)',
    ]);
    expect(await refused({ file: '.' })).toEqual(['sources[0].file: leads outside the folder of sources']);
    expect(await refused({ file: 'page.png', sha256: sha256Of('other') })).toEqual([
      `sources[0].sha256: is not the digest of the file, which is ${sha256Of('image')}`,
    ]);
    expect(await refused({ sha256: sha256Of('a') })).toEqual([
      `sources[0].sha256: is not the digest of the file, which is ${sha256Of('b')}`,
    ]);
    expect(await refused({ sha256: sha256Of('nowhere') })).toEqual([
      'sources[0].sha256: is not held here, and no file in the folder of sources has it as name',
    ]);
    expect(await faultsOf(given({ sha256: sha256Of('nowhere') }))).toEqual([
      'sources[0].sha256: is not held here; send the content first, or import it with the folder that has it',
    ]);
    expect(await faultsOf(given({ file: 'page.png' }))).toEqual([
      'sources[0].file: is only for ground-truth import with --sources; elsewhere send the content first, and name it by sha256',
    ]);
    rmSync(outside, { recursive: true });
  });

  it('belongs to the output: other evidence makes another output, none makes the same', async () => {
    const output = (members: object) =>
      `${JSON.stringify({ job_id: JOBS[0], filename: 'a', source_kind: 'pdf', result: { a: 1 }, ...members })}\n`;
    const all = {
      producer: { model: 'm' },
      fields: { a: { confidence: 1 } },
      sources: [
        { kind: 'ocr_text', text: 'x' },
        { kind: 'scan', uri: 'file:///x' },
      ],
    };
    const again = async (members: object) =>
      bringIn(output(members), { onConflict: 'skip-same' }).then(
        ({ skipped }) => skipped,
        (error: unknown) => (error as BadInputError).faults.length,
      );
    await bringIn(output(all));
    expect(await again(all)).toBe(1);
    expect(await again({})).toBe(1);
    const before = await bringOut();
    for (const other of [
      { producer: { model: 'n' } },
      { fields: { a: { confidence: 0.9 } } },
      { sources: [{ kind: 'ocr_text', text: 'y' }] },
      { sources: [...all.sources, { kind: 'scan', uri: 'file:///y' }] },
    ])
      await expect(bringIn(output({ ...all, ...other }), { onConflict: 'skip-same' })).rejects.toThrow(
        BadInputError,
      );
    expect(await bringOut()).toBe(before);
  });

  it('stays when a job is replaced by a line without it; what was said of another result does not', async () => {
    await bringIn(whole(JOBS[0], {}));
    const before = await bringOut();
    await bringIn(line({ job_id: JOBS[0] }), { onConflict: 'replace' });
    expect(await bringOut()).toBe(before);
    await bringIn(line({ job_id: JOBS[0], initial_result: { a: 2 }, final_result: { a: 2 } }), {
      onConflict: 'replace',
    });
    const [sample] = await exportSamples(database.dataSource, { include: ALL });
    expect(sample).toMatchObject({ producer: null, fields: null, sources: [{ text: TEXT }] });
  });

  it('is compacted where direct SQL writes it, and described by the database', async () => {
    await bringIn(line({ job_id: JOBS[0] }));
    await database.query(`insert into producers (producer, sha256) values ('{ "a" :\n1 }', 'x')`);
    await database.query(
      `insert into job_evidence select $1, id, '{ "a": {"quote": "x y"} }' from producers`,
      [JOBS[0]],
    );
    expect(await bringOut()).toContain('"producer":{"a":1},"sources":[],"fields":{"a":{"quote":"x y"}}');
    expect(await database.query('select sha256 from producers')).toEqual([{ sha256: sha256Of('{"a":1}') }]);
  });

  it.each([
    `update job_sources set uri = 'x'`,
    `delete from job_sources`,
    `truncate job_sources`,
    `update job_evidence set fields = '{}'`,
    `update job_evidence set producer_id = null`,
    `delete from job_evidence`,
    `truncate job_evidence`,
    `update producers set producer = '{}'`,
  ])('is not changed: %s', async (statement) => {
    await bringIn(whole(JOBS[0], {}));
    await expect(database.query(statement)).rejects.toThrow(/what was recorded|what a pipeline said|stays/);
  });

  it('is erased with the only job that has it', async () => {
    await bringIn(whole(JOBS[0], {}) + whole(JOBS[1], {}));
    const jobs = jobsIn(database.dataSource);
    await jobs.erase(JOBS[0]);
    expect(await bringOut()).toBe(whole(JOBS[1], {}));
    await jobs.erase(JOBS[1]);
    expect(await counts()).toEqual({
      jobs: 0,
      contents: 0,
      slices: 0,
      sources: 0,
      evidence: 0,
      producers: 0,
    });
  });

  it('is gone a day after it was last sent if no job refers to it', async () => {
    const [old, fresh, used] = [randomBytes(SLICE_SIZE + 1), randomBytes(5), Buffer.from(TEXT)];
    await hold(old);
    await hold(fresh);
    await bringIn(whole(JOBS[0], {}));
    await database.query(`update contents set sent_at = now() - interval '25 hours'`);
    expect(await hold(fresh)).toBe(false);
    await contents.sweep();
    const left = await database.query<{ sha256: string }>('select sha256 from contents');
    expect(left.map(({ sha256 }) => sha256).sort()).toEqual([sha256Of(fresh), sha256Of(used)].sort());
    expect(await counts()).toMatchObject({ slices: 2 });
  });

  it('is checked by verify', async () => {
    await hold(Buffer.from('abc'));
    await hold(Buffer.alloc(0));
    await hold(randomBytes(SLICE_SIZE * 2 + 1));
    expect(await verifyService(database.dataSource).verify()).toMatchObject({
      contents: 3,
      contents_differ: 0,
      damaged: [],
    });
    await database.query(
      `update content_slices set bytes = 'abd' where content_id = (select id from contents where sha256 = $1)`,
      [sha256Of('abc')],
    );
    expect(await verifyService(database.dataSource).verify()).toMatchObject({
      contents: 3,
      contents_differ: 1,
      damaged: [sha256Of('abc')],
    });
    await bringIn(line({ sources: [{ kind: 'x', sha256: sha256Of('abc') }] }));
    await expect(exportWith(path.join(folder, 'out'))).rejects.toThrow(/is damaged in the database/);
    expect(existsSync(path.join(folder, 'out', `${sha256Of('abc')}.png`))).toBe(false);
    expect(readdirSync(path.join(folder, 'out'))).toEqual([]);
  });

  it('of contents gives any part', async () => {
    const content = randomBytes(3 * SLICE_SIZE + 5);
    await hold(content);
    const sha256 = sha256Of(content);
    const { length } = content;
    for (const [start, end] of [
      [0, length],
      [0, 1],
      [SLICE_SIZE - 1, SLICE_SIZE + 1],
      [SLICE_SIZE, 2 * SLICE_SIZE],
      [10, 3 * SLICE_SIZE + 2],
      [length - 1, length],
      [5, 5],
    ] as const) {
      const read: Buffer[] = [];
      for await (const block of contents.stream(sha256, start, end, {})) read.push(block);
      expect(Buffer.concat(read).equals(content.subarray(start, end))).toBe(true);
      expect((await contents.read(sha256, start, end)).equals(content.subarray(start, end))).toBe(true);
    }
  });

  it('selects samples and counts by producer', async () => {
    const made = (id: number, producer: object | null, corrections: object[] = []) =>
      line({
        job_id: `0197a1b2-0000-7000-8000-00000000000${id}`,
        producer,
        ...(corrections.length > 0 && { final_result: { a: 2 } }),
        corrections,
      });
    const correction = {
      field_path: 'a',
      old_value: 1,
      new_value: 2,
      corrected_by: 'r',
      reason: null,
      corrected_at: '2025-07-01T00:00:00Z',
    };
    await bringIn(
      made(1, { model: "l'3", v: 1 }, [correction]) +
        made(2, { model: "l'3", v: 1 }) +
        made(3, { model: 'b', v: true }) +
        made(4, null),
    );
    const idsOf = async (producer: string) =>
      linesOf(await exportText(database.dataSource, { producer })).map((text) =>
        (JSON.parse(text) as { job_id: string }).job_id.at(-1),
      );
    expect(await idsOf("model=l'3")).toEqual(['1', '2']);
    expect(await idsOf('v=true')).toEqual(['3']);
    expect(await idsOf('v=1')).toEqual(['1', '2']);
    expect(await idsOf(sha256Of('{"model":"b","v":true}').toUpperCase())).toEqual(['3']);
    expect(await idsOf('model=none')).toEqual([]);
    const service = exportService(database.dataSource);
    const options = { top_n: 10, collapse_indices: false };
    const [first, second] = (await service.statistics(options)).producers;
    expect(first).toEqual({
      sha256: sha256Of(`{"model":"l'3","v":1}`),
      producer: `{"model":"l'3","v":1}`,
      jobs: 2,
      corrections: 1,
    });
    expect(second).toMatchObject({ jobs: 1, corrections: 0 });
    expect((await service.statistics({ ...options, has_corrections: true })).producers).toMatchObject([
      { jobs: 1, corrections: 1 },
    ]);
    expect((await service.statistics({ ...options, producer: 'model=b' })).total_jobs).toBe(1);
    expect((await service.statistics({ ...options, top_n: 1 })).producers).toHaveLength(1);
  });
});
