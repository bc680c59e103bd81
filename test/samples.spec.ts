import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateSamples } from '../samples/generate.js';

// Nothing here but the import of the generator knows it: documents are read and edited by a few lines of this file's own.
// `assert` checks each of thousands of samples: `expect` takes 20 times as long.

interface Correction {
  field_path: string;
  old_value: unknown;
  new_value: unknown;
  corrected_by: string;
  reason: string | null;
  corrected_at: string;
  op?: 'add' | 'remove';
}

interface Sample {
  job_id: string;
  filename: string;
  source_kind: string;
  approved: boolean;
  reviewed_by: string | null;
  reviewed_at: string | null;
  created_at: string;
  initial_result: unknown;
  final_result: unknown;
  corrections: Correction[];
  review_flags: string[];
  confidence: { '#': string } | null;
}

const BUNDLED = join(__dirname, '../samples/surat-perintah.jsonl');
const CONTENTS = join(__dirname, '../samples/contents');

const digestOf = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

type Container = Record<string | number, unknown>;

/** Numbers become `{"#": lexeme}`: `JSON.parse` would round the long ones. */
const protect = (json: string): string =>
  json.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) =>
    token.startsWith('"') ? token : `{"#":"${token}"}`,
  );
const parse = (line: string): Sample => JSON.parse(protect(line)) as Sample;
const json = (value: unknown): string => JSON.stringify(value);

const steps = (path: string): (string | number)[] =>
  [...path.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/g)].map(([, index, quoted, plain]) =>
    index !== undefined ? Number(index) : quoted !== undefined ? (JSON.parse(quoted) as string) : plain!,
  );

/** Contract §4: an added member comes last, an array's elements make room. */
function applyForward(document: unknown, { field_path, op, old_value, new_value }: Correction): void {
  const path = steps(field_path);
  const last = path.pop()!;
  const holder = path.reduce<unknown>((at, step) => (at as Container)[step], document) as Container;
  if (Array.isArray(holder)) {
    assert.equal(typeof last, 'number');
    assert.ok(Number(last) < holder.length + (op === 'add' ? 1 : 0));
  } else {
    assert.equal(Object.hasOwn(holder, last), op !== 'add');
  }
  assert.equal(json(old_value), json(op === 'add' ? null : holder[last]));
  if (Array.isArray(holder) && op !== undefined) {
    holder.splice(Number(last), op === 'add' ? 0 : 1, ...(op === 'add' ? [structuredClone(new_value)] : []));
  } else if (op === 'remove') {
    assert.equal(new_value, null);
    Reflect.deleteProperty(holder, last);
  } else {
    holder[last] = structuredClone(new_value);
  }
}

/** Of what an export with `include=all` has besides. */
interface FullSample extends Sample {
  external_id: string;
  producer: { name: string; version: string; model: string };
  sources: { kind: string; page: number; sha256: string; text?: string }[];
  fields: Record<string, Field> | null;
  history: { event: string; by: string; at: string }[];
}

interface Field {
  confidence: { '#': string };
  page?: { '#': string };
  bbox?: { '#': string }[];
  quote?: string;
}

const KEYS =
  'job_id filename source_kind approved reviewed_by reviewed_at created_at initial_result final_result corrections ' +
  'review_flags confidence';
const FURTHER_KEYS = 'external_id producer sources fields history';
const CORRECTION_KEYS = 'field_path old_value new_value corrected_by reason corrected_at';
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,5}[1-9])?Z$/;
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Comparable as text, to the microsecond. */
const moment = (time: string): string => `${time.slice(0, 19)}.${time.slice(20, -1).padEnd(6, '0')}`;

function expectSoundSample(line: string, keys = KEYS): Sample {
  const sample = parse(line);
  assert.equal(json(sample), protect(line));
  assert.equal(Object.keys(sample).join(' '), keys);
  assert.match(sample.job_id, UUID_V7);
  assert.equal(parseInt(sample.job_id.replace('-', '').slice(0, 12), 16), Date.parse(sample.created_at));
  assert.ok(!sample.approved || (sample.final_result !== null && sample.reviewed_at !== null));
  assert.equal(sample.reviewed_by === null, sample.reviewed_at === null);
  if (sample.confidence !== null) {
    assert.ok(Number(sample.confidence['#']) <= 1);
    assert.equal(String(Number(sample.confidence['#'])), sample.confidence['#']);
  }
  const document = structuredClone(sample.initial_result);
  let before = sample.created_at;
  for (const correction of sample.corrections) {
    assert.equal(
      Object.keys(correction).join(' '),
      CORRECTION_KEYS + (correction.op === undefined ? '' : ' op'),
    );
    assert.ok(moment(correction.corrected_at) >= moment(before));
    assert.ok(json(correction.old_value) !== json(correction.new_value) || correction.op !== undefined);
    before = correction.corrected_at;
    applyForward(document, correction);
  }
  assert.equal(json(document), json(sample.final_result));
  if (sample.approved) assert.ok(moment(sample.reviewed_at!) >= moment(before));
  const times = [
    sample.created_at,
    sample.reviewed_at,
    ...sample.corrections.map((made) => made.corrected_at),
  ];
  for (const time of times) if (time !== null) assert.match(time, TIME);
  return sample;
}

function isCorrectedLate({ reviewed_at, corrections }: Sample): boolean {
  return reviewed_at !== null && corrections.some((made) => moment(made.corrected_at) > moment(reviewed_at));
}

function expectCorpusOrder(samples: readonly Sample[]): void {
  const keys = samples.map((sample) => `${moment(sample.created_at)} ${sample.job_id}`);
  expect(keys).toEqual(keys.toSorted());
  expect(new Set(samples.map((sample) => sample.job_id)).size).toBe(samples.length);
}

describe('the bundled corpus', () => {
  const text = readFileSync(BUNDLED, 'utf8');
  const lines = text.split('\n').slice(0, -1);
  const samples = lines.map(parse);
  const corrections = samples.flatMap((sample) => sample.corrections);

  test('is what the generator makes of seed 1, with its images', () => {
    const contents = new Map<string, Uint8Array>();
    const keep = (sha256: string, content: Uint8Array) => contents.set(`${sha256}.png`, content);
    const made = [...generateSamples({ count: 300, seed: 1, keep })].map((line) => `${line}\n`).join('');
    assert.ok(made === text);
    expect([...contents.keys()].sort()).toEqual(readdirSync(CONTENTS).sort());
    for (const [name, content] of contents) assert.ok(readFileSync(join(CONTENTS, name)).equals(content));
  });

  test('is, but for the further members, what the generator makes without them', () => {
    const plain = text.replace(/,"external_id":.*\}$/gm, '}');
    assert.ok([...generateSamples({ count: 300, seed: 1 })].map((line) => `${line}\n`).join('') === plain);
    // Documents, examples and the numbers of others refer to these samples.
    expect(digestOf(plain)).toBe('1801b935418b3643d0226270ece65121daa2f11cfca926d9847d77d671fd07d4');
  });

  test('has canonical lines whose trails lead from the first result to the last', () => {
    expect(lines).toHaveLength(300);
    for (const line of lines) expectSoundSample(line, `${KEYS} ${FURTHER_KEYS}`);
  });

  test('is in corpus order, also where two jobs share their moment', () => {
    expectCorpusOrder(samples);
    expect(new Set(samples.map((sample) => sample.created_at)).size).toBeLessThan(samples.length);
  });

  test.each<[string, number, (sample: Sample) => boolean]>([
    ['corrected and approved', 55, (job) => job.approved && job.corrections.length > 0],
    ['approved as they were', 15, (job) => job.approved && job.corrections.length === 0],
    ['unreviewed', 15, (job) => !job.approved && job.final_result !== null && job.corrections.length === 0],
    ['corrected in part', 6, (job) => job.reviewed_at === null && job.corrections.length > 0],
    ['reopened', 5, (job) => !job.approved && job.reviewed_at !== null],
    ['failed', 4, (job) => job.final_result === null && job.corrections.length === 0],
  ])('has jobs %s: %i per cent', (_, share, is) => {
    expect((100 * samples.filter(is).length) / samples.length).toBe(share);
  });

  test.each<[string, (sample: Sample) => boolean]>([
    ['with several reviewers', (job) => new Set(job.corrections.map((made) => made.corrected_by)).size > 1],
    ['corrected after they were reopened', (job) => !job.approved && isCorrectedLate(job)],
    ['from images', (job) => job.source_kind === 'image'],
    ['without a confidence', (job) => job.confidence === null && job.final_result !== null],
    ['with flags', (job) => job.review_flags.includes('table_truncated')],
    ['with a result beyond 3 kB', (job) => json(job.final_result).length > 3000],
  ])('has jobs %s', (_, is) => {
    expect(samples.filter(is)).not.toHaveLength(0);
  });

  test.each<[string, RegExp]>([
    ['a letter for a digit', /nrp replace "\d*[OIlSB]\d*" -> "\d+"/],
    ['a letter in a date', /tanggal replace "[^"]*(\d[OIlSB]|[OIlSB]\d)/],
    ['a date in another format', /tanggal replace "\d+[-/]\d\d[-/]\d+"/],
    ['rn for m', /replace "(.*)rn(.*)" -> "\1m\2"/],
    ['m for rn', /replace "(.*)m(.*)" -> "\1rn\2"/i],
    ['a dropped digit', /nrp replace "\d{7}" -> "\d{8}"/],
    ['swapped digits', /nrp replace "(\d*)(\d)(\d)(\d*)" -> "\1\3\2\4"/],
    ['AIPTU and AIPDA for each other', /pangkat replace "AIP(TU|DA)" -> "AIP(TU|DA)"/],
    ['BRIPTU and BRIPKA for each other', /pangkat replace "BRIP(TU|KA)" -> "BRIP(TU|KA)"/],
    ['a lost title', /nama replace "([^,]+)" -> "\1, S\./],
    ['a lost field', /^header\.\w+ add/],
    ['a lost cell', /^personel\[\d+\]\.\w+ add/],
    ['an invented field', /^header\.\w+ remove/],
    ['an invented cell', /^personel\[\d+\]\.\w+ remove/],
    ['a key with a dot in it', /^personel\[(\d+)\]\["no\."\] remove \{"#":"\d+"\}/],
    ['a number with a fraction of zero', /remove \{"#":"\d+\.0"\}/],
    ['a missed row', /^personel\[\d+\] add null -> \{"pangkat":/],
    ['a row too many', /^personel\[\d+\] remove \{"pangkat":/],
    ['a table heading as a row', /^personel\[0\] remove .*"NRP\/NIP"/],
    ['empty for null', /keterangan replace "" -> null/],
    ['null for text', /jabatan replace null -> "\w/],
    ['a NIP as a number', /nrp replace \{"#":"(\d{18})"\} -> "\1"/],
    ['lost leading zeros', /nrp replace \{"#":"(\d+)"\} -> "0+\1"/],
    ['a list item split in two', /^header\.untuk\[\d\] remove "/],
    ['two list items in one', /^header\.untuk\[\d\] add null -> "/],
    ['a list that comes as text', /^header\.\w+ replace "1\. .*2\. .* -> \["/],
    ['a note in the wrong row', /keterangan replace "\w.*" -> null/],
    ['a line break inside a value', /replace "(.*)\\n(.*)" -> "\1 \2"/],
  ])('knows %s', (_, pattern) => {
    const edits = corrections.map(
      ({ field_path, op, old_value, new_value }) =>
        `${field_path} ${op ?? 'replace'} ${json(old_value)} -> ${json(new_value)}`,
    );
    expect(edits.filter((edit) => pattern.test(edit))).not.toHaveLength(0);
  });

  test('gives times to the second, millisecond and microsecond, and reasons or none', () => {
    const digits = new Set(
      corrections.map((made) => made.corrected_at.length - 'yyyy-mm-ddThh:mm:ss.Z'.length),
    );
    expect([...digits]).toEqual(expect.arrayContaining([-1, 3, 6]));
    expect(corrections.filter((made) => made.reason === null)).not.toHaveLength(0);
    expect(corrections.filter((made) => made.reason !== null)).not.toHaveLength(0);
  });

  test('has fields that were corrected twice, and corrections that share their moment', () => {
    const neighbours = samples.flatMap(({ corrections: trail }) =>
      trail.slice(1).map((made, at) => [trail[at]!, made] as const),
    );
    expect(neighbours.filter(([one, other]) => one.field_path === other.field_path)).not.toHaveLength(0);
    expect(neighbours.filter(([one, other]) => one.corrected_at === other.corrected_at)).not.toHaveLength(0);
  });

  test('has personnel numbers of the right form in every approved result', () => {
    const date = '(19|20)\\d\\d(0[1-9]|1[0-2])';
    const number = new RegExp(`^(\\d\\d(0[1-9]|1[0-2])\\d{4}|${date}(0[1-9]|[12]\\d)${date}[12]\\d{3})$`);
    const rows = samples
      .filter((sample) => sample.approved)
      .flatMap((sample) => (sample.final_result as { personel: { nrp: string }[] }).personel);
    const wrong = rows.filter(({ nrp }) => !number.test(nrp));
    expect(wrong).toEqual([]);
  });
});

/** The paths of all values, arrays and objects looked into; those of empty ones are values too. */
function leaves(value: unknown, path = ''): [path: string, value: unknown][] {
  const isNumber = typeof value === 'object' && value !== null && Object.hasOwn(value, '#');
  if (typeof value !== 'object' || value === null || isNumber || Object.keys(value).length === 0)
    return [[path, value]];
  return Object.entries(value).flatMap(([key, child]) => {
    const step =
      Array.isArray(value) || /[.]/.test(key) ? `[${Array.isArray(value) ? key : json(key)}]` : key;
    return leaves(child, path === '' || step.startsWith('[') ? path + step : `${path}.${step}`);
  });
}

/** The paths of the first result whose values no correction has touched. */
function rightPaths({ initial_result, corrections }: Sample): Set<string> {
  const document = structuredClone(initial_result);
  const marked = (value: unknown, path: string): unknown => ({ path, value });
  const put = (path: string): void => {
    const way = steps(path);
    const last = way.pop()!;
    const holder = way.reduce<unknown>((at, step) => (at as Container)[step], document) as Container;
    holder[last] = marked(holder[last], path);
  };
  for (const [path] of leaves(initial_result)) put(path);
  for (const { field_path, op } of corrections) {
    const way = steps(field_path);
    const last = way.pop()!;
    const holder = way.reduce<unknown>((at, step) => (at as Container)[step], document) as Container;
    if (Array.isArray(holder) && op !== undefined)
      holder.splice(Number(last), op === 'add' ? 0 : 1, ...(op === 'add' ? [null] : []));
    else if (op === 'remove') Reflect.deleteProperty(holder, last);
    else holder[last] = null;
  }
  return new Set(
    [...json(document).matchAll(/\{"path":("(?:[^"\\]|\\.)*"),/g)].map(
      ([, path]) => JSON.parse(path!) as string,
    ),
  );
}

describe('the evidence of the bundled corpus', () => {
  const samples = readFileSync(BUNDLED, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => parse(line) as FullSample);
  const approved = samples.filter((sample) => sample.approved);
  const number = ({ '#': lexeme }: { '#': string }): number => Number(lexeme);
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;

  test('names what made the results: an old version, then a new one', () => {
    const versions = samples.map(({ producer }) => `${producer.version} ${producer.model}`);
    expect([...new Set(versions)]).toEqual(['2.0.3 layout-2', '2.1.0 layout-3']);
    expect(versions).toEqual(versions.toSorted());
    expect(new Set(samples.map((sample) => sample.external_id)).size).toBe(300);
  });

  test('says something of every value of a result, and of nothing else', () => {
    let count = 0;
    for (const { fields, initial_result } of samples) {
      const paths = initial_result === null ? [] : leaves(initial_result).map(([path]) => path);
      assert.deepEqual(Object.keys(fields ?? {}), paths);
      assert.equal(fields === null, initial_result === null);
      count += paths.length;
    }
    expect(count).toBeGreaterThan(10_000);
  });

  test('has confidences that are lower where a value is wrong, and claim far fewer mistakes than there are', () => {
    const right: number[] = [];
    const wrong: number[] = [];
    for (const sample of approved) {
      const paths = rightPaths(sample);
      for (const [path, { confidence }] of Object.entries(sample.fields!))
        (paths.has(path) ? right : wrong).push(number(confidence));
    }
    expect(wrong.length).toBeGreaterThan(300);
    expect(mean(wrong)).toBeLessThan(mean(right) - 0.1);
    // Were it calibrated, the doubts would add up to the mistakes.
    const doubts = [...right, ...wrong].reduce((sum, confidence) => sum + 1 - confidence, 0);
    expect(doubts).toBeLessThan(wrong.length * 0.6);
    expect(mean(wrong)).toBeGreaterThan(0.7);
  });

  test('places values on their pages', () => {
    let count = 0;
    for (const { fields, sources } of samples)
      for (const { page, bbox } of Object.values(fields ?? {})) {
        assert.equal(page === undefined, bbox === undefined);
        if (!page || !bbox) continue;
        const [x0, y0, x1, y1] = bbox.map(number) as [number, number, number, number];
        assert.ok(0 < x0 && x0 < x1 && x1 < 1 && 0 < y0 && y0 < y1 && y1 < 1);
        assert.ok(sources.some((source) => json(source.page) === json(page)));
        count += 1;
      }
    expect(count).toBeGreaterThan(10_000);
  });

  test('quotes what stands in the text of the page, line by line', () => {
    const plain = (text: string): string => text.replaceAll('  ', ' ');
    let quotes = 0;
    for (const { fields, sources } of samples) {
      const text = plain(sources.map((source) => source.text ?? '').join(''));
      for (const { quote } of Object.values(fields ?? {}))
        for (const line of quote?.split('\n') ?? []) {
          assert.ok(text.includes(line), line);
          quotes += 1;
        }
    }
    expect(quotes).toBeGreaterThan(10_000);
  });

  test('quotes what was misread as it was misread, and everything else as it is on paper', () => {
    const oneLine = (value: unknown): unknown =>
      typeof value === 'string' ? value.replaceAll('\n', ' ') : value;
    const counts = { misread: 0, right: 0, other: 0 };
    for (const sample of approved) {
      const final = new Map(leaves(sample.final_result));
      const moves = sample.corrections.some(({ op }) => op !== undefined);
      for (const [path, value] of moves ? [] : leaves(sample.initial_result)) {
        const { quote } = sample.fields![path]!;
        const read = oneLine(quote);
        if (typeof value !== 'string' || typeof final.get(path) !== 'string' || quote === undefined) continue;
        if (value === final.get(path)) assert.equal(read, value);
        else if (read === oneLine(value)) counts.misread += 1;
        else if (read === final.get(path)) counts.right += 1;
        else counts.other += 1;
      }
    }
    expect(counts.other).toBe(0);
    expect(counts.misread).toBeGreaterThan(100);
    expect(counts.right).toBeGreaterThan(5);
  });

  test('has a text for each page that was read, and images of many, each named by its digest', () => {
    const kinds = samples.map(({ sources }) =>
      sources.map(({ kind, page }) => `${kind} ${json(page)}`).join(),
    );
    const page = (number: number): string => `ocr_text {"#":"${number}"}`;
    expect(kinds.filter((kind) => kind === page(1)).length).toBeGreaterThan(100);
    expect(kinds.filter((kind) => kind.endsWith(page(2))).length).toBeGreaterThan(20);
    expect(kinds.filter((kind) => kind.startsWith('page_image')).length).toBeGreaterThan(150);
    const files = readdirSync(CONTENTS);
    const images = samples.flatMap(({ sources }) => sources.filter(({ kind }) => kind === 'page_image'));
    expect(new Set(images.map(({ sha256 }) => `${sha256}.png`))).toEqual(new Set(files));
    let bytes = 0;
    for (const file of files) {
      const image = readFileSync(join(CONTENTS, file));
      assert.equal(file, `${digestOf(image)}.png`);
      assert.deepEqual(image.subarray(0, 4), Buffer.from([0x89, 0x50, 0x4e, 0x47]));
      bytes += image.length;
    }
    expect(bytes).toBeLessThan(3e6);
    for (const { sha256, text } of samples.flatMap(({ sources }) => sources))
      assert.ok(text === undefined || digestOf(text) === sha256);
  });

  test('has a history that ends as the job does', () => {
    const counts: Record<string, number> = {};
    for (const { approved, reviewed_by, reviewed_at, history } of samples) {
      const names = history.map(({ event }) => event).join();
      assert.equal(names, reviewed_by === null ? '' : approved ? 'approved' : 'approved,reopened');
      const last = history.at(-1);
      assert.deepEqual([last?.by ?? null, last?.at ?? null], [reviewed_by, reviewed_at]);
      assert.ok(history.every(({ at }, index) => index === 0 || moment(at) > moment(history[index - 1]!.at)));
      counts[names] = (counts[names] ?? 0) + 1;
    }
    expect(counts).toEqual({ '': 75, approved: 210, 'approved,reopened': 15 });
  });
});

describe('generateSamples', () => {
  test('depends on the seed', () => {
    const [one] = generateSamples({ count: 1, seed: 1 });
    const [two] = generateSamples({ count: 1, seed: 2 });
    expect(one).not.toBe(two);
  });

  test('makes sound samples of any seed', () => {
    for (let seed = 2; seed < 12; seed += 1) {
      expectCorpusOrder([...generateSamples({ count: 100, seed })].map((line) => expectSoundSample(line)));
    }
  });

  test('makes approved jobs of 1.2 to 1.6 kB for the benchmark, three corrections on every second one', () => {
    const samples = [...generateSamples({ count: 2000, seed: 7, profile: 'bench' })].map((line) =>
      expectSoundSample(line),
    );
    expectCorpusOrder(samples);
    samples.forEach((sample, index) => {
      assert.equal(sample.approved, true);
      assert.equal(sample.corrections.length, index % 2 === 0 ? 3 : 0);
      for (const result of [sample.initial_result, sample.final_result]) {
        const bytes = Buffer.byteLength(json(result));
        assert.ok(bytes >= 1200 && bytes <= 1600);
      }
    });
  });

  test.each([
    { count: -1, seed: 1 },
    { count: 1.5, seed: 1 },
    { count: 1, seed: -1 },
    { count: 1, seed: 2 ** 32 },
  ])('refuses %j', (options) => {
    expect(() => generateSamples(options).next()).toThrow(RangeError);
  });

  test('makes no samples for a count of 0', () => {
    expect([...generateSamples({ count: 0, seed: 1 })]).toEqual([]);
  });
});
