import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
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

const KEYS =
  'job_id filename source_kind approved reviewed_by reviewed_at created_at initial_result final_result corrections ' +
  'review_flags confidence';
const CORRECTION_KEYS = 'field_path old_value new_value corrected_by reason corrected_at';
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,5}[1-9])?Z$/;
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Comparable as text, to the microsecond. */
const moment = (time: string): string => `${time.slice(0, 19)}.${time.slice(20, -1).padEnd(6, '0')}`;

function expectSoundSample(line: string): Sample {
  const sample = parse(line);
  assert.equal(json(sample), protect(line));
  assert.equal(Object.keys(sample).join(' '), KEYS);
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
  const text = readFileSync(join(__dirname, '../samples/surat-perintah.jsonl'), 'utf8');
  const lines = text.split('\n').slice(0, -1);
  const samples = lines.map(parse);
  const corrections = samples.flatMap((sample) => sample.corrections);

  test('is what the generator makes of seed 1', () => {
    expect([...generateSamples({ count: 300, seed: 1 })].map((line) => `${line}\n`).join('')).toBe(text);
  });

  test('has canonical lines whose trails lead from the first result to the last', () => {
    expect(lines).toHaveLength(300);
    for (const line of lines) expectSoundSample(line);
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

describe('generateSamples', () => {
  test('depends on the seed', () => {
    const [one] = generateSamples({ count: 1, seed: 1 });
    const [two] = generateSamples({ count: 1, seed: 2 });
    expect(one).not.toBe(two);
  });

  test('makes sound samples of any seed', () => {
    for (let seed = 2; seed < 12; seed += 1) {
      expectCorpusOrder([...generateSamples({ count: 100, seed })].map(expectSoundSample));
    }
  });

  test('makes approved jobs of 1.2 to 1.6 kB for the benchmark, three corrections on every second one', () => {
    const samples = [...generateSamples({ count: 2000, seed: 7, profile: 'bench' })].map(expectSoundSample);
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
