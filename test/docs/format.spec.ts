import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const DOCS = join(__dirname, '../../docs');
const RECIPES = join(DOCS, 'recipes');
const read = (name: string): string => readFileSync(join(DOCS, name), 'utf8');

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type JsonObject = Record<string, Json>;

interface Schema {
  required: string[];
  properties: Record<string, JsonObject>;
  $defs: { correction: { required: string[]; properties: Record<string, JsonObject> } };
}

const schema = JSON.parse(read('ground-truth-sample.schema.json')) as Schema;
const format = read('ground-truth-format.md');

/** The first cells of the table that stands below a heading, without backticks. */
function firstColumn(document: string, heading: string): string[] {
  const section = document.slice(document.indexOf(`\n## ${heading}\n`) + 1).split(/\n## /)[0] ?? '';
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map((row) => row[1] ?? '');
}

function example(): JsonObject {
  const block = /```json\n([\s\S]*?)```/.exec(format)?.[1];
  if (block === undefined) throw new Error('ground-truth-format.md has no json block');
  return JSON.parse(block) as JsonObject;
}

/** A copy of the example with members replaced; `undefined` takes one out. */
function sampleWith(changes: Record<string, Json | undefined>): JsonObject {
  const merged = { ...example(), ...changes };
  return JSON.parse(JSON.stringify(merged)) as JsonObject;
}

function correctionWith(changes: Record<string, Json | undefined>): JsonObject {
  const [first] = example().corrections as JsonObject[];
  return sampleWith({ corrections: [{ ...first, ...changes } as JsonObject] });
}

describe('the schema of a sample', () => {
  let validate: ValidateFunction;

  beforeAll(() => {
    validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema);
  });

  /** `<where> <keyword>` of every error, or nothing when the sample is valid. */
  const faults = (sample: unknown): string[] => {
    validate(sample);
    return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.keyword}`);
  };

  it('accepts the example of the documentation', () => {
    expect(faults(example())).toEqual([]);
  });

  it.each<[string, Record<string, Json | undefined>]>([
    ['nobody reviewed it', { approved: false, reviewed_by: null, reviewed_at: null }],
    ['the pipeline failed', { approved: false, initial_result: null, final_result: null, corrections: [] }],
    ['nobody changed anything', { corrections: [] }],
    ['a result that is no object', { initial_result: 'text', final_result: [1, false, null] }],
    ['a whole second', { created_at: '2025-06-01T10:15:00Z' }],
    ['the limits of confidence', { confidence: 1 }],
    ['no confidence', { confidence: null }],
    ['a divergence', { diverged: { correction: 0, reason: 'value_differs' } }],
  ])('accepts a sample: %s', (_case, changes) => {
    expect(faults(sampleWith(changes))).toEqual([]);
  });

  it.each<[string, JsonObject, string]>([
    ['an unknown member', sampleWith({ note: 'x' }), ' additionalProperties'],
    ['a job_id that is no UUID', sampleWith({ job_id: '42' }), '/job_id pattern'],
    ['a UUID in capitals', sampleWith({ job_id: '01972E32-243A-7C1E-9B52-4F0D6A81E3C7' }), '/job_id pattern'],
    ['a filename of null', sampleWith({ filename: null }), '/filename type'],
    ['approved as text', sampleWith({ approved: 'true' }), '/approved type'],
    ['approved without a result', sampleWith({ final_result: null }), '/final_result not'],
    ['an offset', sampleWith({ created_at: '2025-06-01T10:15:00+07:00' }), '/created_at pattern'],
    ['a date alone', sampleWith({ created_at: '2025-06-01' }), '/created_at pattern'],
    ['no time', sampleWith({ created_at: null }), '/created_at type'],
    ['a trailing zero', sampleWith({ created_at: '2025-06-01T10:15:00.50Z' }), '/created_at pattern'],
    ['an empty fraction', sampleWith({ created_at: '2025-06-01T10:15:00.Z' }), '/created_at pattern'],
    ['seven digits', sampleWith({ created_at: '2025-06-01T10:15:00.1234567Z' }), '/created_at pattern'],
    ['a second of 60', sampleWith({ created_at: '2025-06-30T23:59:60Z' }), '/created_at pattern'],
    ['month 13', sampleWith({ created_at: '2025-13-01T00:00:00Z' }), '/created_at pattern'],
    ['hour 24', sampleWith({ reviewed_at: '2025-06-01T24:00:00Z' }), '/reviewed_at pattern'],
    ['corrections of null', sampleWith({ corrections: null }), '/corrections type'],
    ['a flag that is no string', sampleWith({ review_flags: [1] }), '/review_flags/0 type'],
    ['confidence above 1', sampleWith({ confidence: 1.01 }), '/confidence maximum'],
    ['confidence below 0', sampleWith({ confidence: -0.5 }), '/confidence minimum'],
    ['confidence as text', sampleWith({ confidence: '0.5' }), '/confidence type'],
    ['diverged of null', sampleWith({ diverged: null }), '/diverged type'],
    [
      'an unknown reason',
      sampleWith({ diverged: { correction: 0, reason: 'unknown' } }),
      '/diverged/reason enum',
    ],
    [
      'a divergence below 0',
      sampleWith({ diverged: { correction: -1, reason: 'path_missing' } }),
      '/diverged/correction minimum',
    ],
    [
      'a divergence at 1.5',
      sampleWith({ diverged: { correction: 1.5, reason: 'path_missing' } }),
      '/diverged/correction type',
    ],
    ['a divergence without a reason', sampleWith({ diverged: { correction: 0 } }), '/diverged required'],
    [
      'a divergence with a note',
      sampleWith({ diverged: { correction: 0, reason: 'path_exists', note: 'x' } }),
      '/diverged additionalProperties',
    ],
    [
      'a divergence without a trail',
      sampleWith({ corrections: [], diverged: { correction: 0, reason: 'path_exists' } }),
      '/corrections minItems',
    ],
    ['a correction with a note', correctionWith({ note: 'x' }), '/corrections/0 additionalProperties'],
    ['a path of null', correctionWith({ field_path: null }), '/corrections/0/field_path type'],
    ['a corrector of null', correctionWith({ corrected_by: null }), '/corrections/0/corrected_by type'],
    ['a reason that is a number', correctionWith({ reason: 1 }), '/corrections/0/reason type'],
    [
      'a correction with an offset',
      correctionWith({ corrected_at: '2025-06-01T00:00:00+00:00' }),
      '/corrections/0/corrected_at pattern',
    ],
    ['op replace', correctionWith({ op: 'replace' }), '/corrections/0/op enum'],
    ['op of null', correctionWith({ op: null }), '/corrections/0/op enum'],
    ['add with an old value', correctionWith({ op: 'add' }), '/corrections/0/old_value type'],
    ['remove with a new value', correctionWith({ op: 'remove' }), '/corrections/0/new_value type'],
  ])('refuses %s', (_case, sample, fault) => {
    expect(faults(sample)).toContain(fault);
  });

  it.each(schema.required)('refuses a sample without %s', (name) => {
    expect(faults(sampleWith({ [name]: undefined }))).toContain(' required');
  });

  it.each(schema.$defs.correction.required)('refuses a correction without %s', (name) => {
    expect(faults(correctionWith({ [name]: undefined }))).toContain('/corrections/0 required');
  });

  it.each([null, [], 'text', 1])('refuses %j as a sample', (value) => {
    expect(faults(value)).toContain(' type');
  });
});

describe('ground-truth-format.md', () => {
  it('explains every member of a sample, in order', () => {
    const always = firstColumn(format, 'The sample');
    const members = [...always.slice(0, -1), ...firstColumn(format, 'Further members'), ...always.slice(-1)];
    expect(members).toEqual(Object.keys(schema.properties));
    expect(Object.keys(example())).toEqual(schema.required);
  });

  it('explains every member of a correction, in order', () => {
    const members = Object.keys(schema.$defs.correction.properties);
    expect(firstColumn(format, 'Corrections')).toEqual(members);
    for (const correction of example().corrections as JsonObject[]) {
      expect(members.filter((name) => name in correction)).toEqual(Object.keys(correction));
    }
  });

  it('explains every reason of a divergence', () => {
    const diverged = schema.properties.diverged as { properties: { reason: { enum: string[] } } };
    expect(firstColumn(format, 'Diverged samples')).toEqual(diverged.properties.reason.enum);
  });

  it('has an example whose trail leads from its first result to its last', () => {
    const sample = example();
    const document = JSON.parse(JSON.stringify(sample.initial_result)) as Json;
    for (const correction of sample.corrections as JsonObject[]) apply(document, correction);
    expect(JSON.stringify(document)).toBe(JSON.stringify(sample.final_result));
  });
});

/** Applies a correction of the example, whose paths have plain keys and indices only, and checks its old value. */
function apply(document: Json, correction: JsonObject): void {
  const steps = [...(correction.field_path as string).matchAll(/[^.[\]]+/g)].map((step) => step[0]);
  const last = steps.pop() ?? '';
  let parent = document as JsonObject;
  for (const step of steps) parent = parent[step] as JsonObject;
  expect(parent[last] ?? null).toEqual(correction.old_value);
  if (correction.op !== 'remove') parent[last] = correction.new_value ?? null;
  else if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else Reflect.deleteProperty(parent, last);
}

const hasPython =
  spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 8))']).status === 0;

/** A test that says aloud that it did not run where there is no Python. */
function itWithPython(name: string, run: () => void): void {
  // eslint-disable-next-line jest/expect-expect, jest/valid-title
  it(name, () => {
    if (hasPython) run();
    else console.warn(`skipped, no python3 of 3.8 or newer: ${name}`);
  });
}

const job = (number: number): string => `01972e32-243a-7c1e-9b52-${String(number).padStart(12, '0')}`;

/** A corpus line with the results as raw JSON text, which JSON.stringify could not write. */
function line(
  number: number,
  initial: string,
  final: string,
  changes: { approved?: boolean; tail?: string } = {},
) {
  const head = JSON.stringify({
    job_id: job(number),
    filename: `sprin-${number}.pdf`,
    source_kind: 'pdf',
    approved: changes.approved ?? true,
    reviewed_by: 'ratna',
    reviewed_at: '2025-06-03T03:41:55Z',
    created_at: '2025-06-02T01:12:07Z',
  });
  const tail = '"corrections":[],"review_flags":[],"confidence":null';
  return `${head.slice(0, -1)},"initial_result":${initial},"final_result":${final},${tail}${changes.tail ?? ''}}\n`;
}

const TRICKY =
  '{"nip":198703212010011234,"a":[1.0,-0,1e400,0.10,1E+2],"s":"\\u00e9\\ud800\\n\\"}]\u2028é","k":1,"k":2,"":{}}';
const DEEP = `{"header":${'['.repeat(4999)}${']'.repeat(4999)}}`;

const CORPUS = [
  line(1, '{"header":{"nomor":"1O"},"nip":198703212010011234}', TRICKY),
  line(2, '{"header":{"nomor":"2"}}', '{"header":{"nomor":"2","nip":198703212010011234,"x":1.0,"y":1e400}}'),
  line(3, 'null', 'null', { approved: false }),
  line(4, '{"header":1}', '{"header":2}', { approved: false }),
  line(5, '{"header":1}', '{"header":2}', { tail: ',"diverged":{"correction":0,"reason":"value_differs"}' }),
  line(6, '{"header":[ 1.0 ]}', DEEP),
].join('');

describe('to-chat.py', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'to-chat-'));
    writeFileSync(join(folder, 'corpus.jsonl'), CORPUS);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const toChat = (...parameters: string[]) =>
    spawnSync('python3', [join(RECIPES, 'to-chat.py'), ...parameters], { cwd: folder, encoding: 'utf8' });

  const rows = (name: string): { role: string; content: string }[][] =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((row) => (JSON.parse(row) as { messages: { role: string; content: string }[] }).messages);
  const contents = (name: string, role: string): string[] =>
    rows(name).map((messages) => messages.find((message) => message.role === role)?.content ?? '');

  itWithPython('copies the results to the byte, and skips what is no training pair', () => {
    const run = toChat('corpus.jsonl', '--holdout', '0');
    expect(run.status).toBe(0);
    expect(rows('train.jsonl').map((row) => row.map((message) => message.role))).toEqual(
      Array(3).fill(['system', 'user', 'assistant']),
    );
    expect(contents('train.jsonl', 'user')).toEqual([
      '{"header":{"nomor":"1O"},"nip":198703212010011234}',
      '{"header":{"nomor":"2"}}',
      '{"header":[ 1.0 ]}',
    ]);
    expect(contents('train.jsonl', 'assistant')).toEqual([
      TRICKY,
      '{"header":{"nomor":"2","nip":198703212010011234,"x":1.0,"y":1e400}}',
      DEEP,
    ]);
    expect(readFileSync(join(folder, 'eval.jsonl'), 'utf8')).toBe('');
    expect(run.stderr).toContain('train.jsonl: 3 rows, eval.jsonl: 0 rows');
    expect(run.stderr).toContain('skipped, diverged: 1');
    expect(run.stderr).toContain('skipped, not approved: 2');
    expect(statSync(join(folder, 'train.jsonl')).mode & 0o777).toBe(0o600);
  });

  itWithPython('takes unapproved samples on request, but none without a result', () => {
    const run = toChat('corpus.jsonl', '--holdout', '0', '--include-unapproved');
    expect(contents('train.jsonl', 'assistant')).toContain('{"header":2}');
    expect(run.stderr).toContain('skipped, no result: 1');
  });

  itWithPython('takes one field of both results', () => {
    expect(toChat('corpus.jsonl', '--holdout', '0', '--field', 'header').status).toBe(0);
    expect(contents('train.jsonl', 'user')).toEqual(['{"nomor":"2"}', '[ 1.0 ]']);
    expect(contents('train.jsonl', 'assistant')).toEqual([
      '{"nomor":"2","nip":198703212010011234,"x":1.0,"y":1e400}',
      DEEP.slice('{"header":'.length, -1),
    ]);
  });

  itWithPython('follows every kind of path, and the last of duplicate keys', () => {
    const document = '{"menu.nm":[{"a":1},{"":{"b":[7,1.0]}}],"k":{"x":1},"k":{"x":2.50}}';
    writeFileSync(join(folder, 'one.jsonl'), line(1, document, document));
    const found = ['["menu.nm"][1][""].b[1]', 'k.x', '["k"]["x"]', 'k', '["menu.nm"][0].a'].map((path) => {
      toChat('one.jsonl', '--holdout', '0', '--field', path);
      return contents('train.jsonl', 'assistant')[0];
    });
    expect(found).toEqual(['1.0', '2.50', '2.50', '{"x":2.50}', '1']);
  });

  itWithPython('refuses a path that is none', () => {
    for (const path of ['a..b', '.a', 'a.', 'a[01]', 'a[-1]', 'a["b', 'a]', 'a[0]b']) {
      const run = toChat('corpus.jsonl', '--field', path);
      expect([path, run.status]).toEqual([path, 2]);
      expect(run.stderr).toContain(`--field ${path}: `);
    }
  });

  itWithPython('takes the OCR text as input, and nothing from outside its folder', () => {
    mkdirSync(join(folder, 'ocr'));
    writeFileSync(join(folder, 'ocr', 'sprin-2.pdf.txt'), 'SURAT PERINTAH\nNomor: 2\n');
    writeFileSync(join(folder, 'secret.txt'), 'secret');
    const outside = line(7, '1', '2').replace('sprin-7.pdf', '../secret');
    writeFileSync(join(folder, 'more.jsonl'), CORPUS + outside);
    const run = toChat('more.jsonl', '--holdout', '0', '--ocr-dir', 'ocr');
    expect(run.status).toBe(0);
    expect(contents('train.jsonl', 'user')).toEqual(['SURAT PERINTAH\nNomor: 2\n']);
    expect(run.stderr).toContain('skipped, no OCR text: 3');
  });

  itWithPython(
    'refuses texts by a filename that two jobs have, whichever of them is used, and writes nothing',
    () => {
      mkdirSync(join(folder, 'ocr'));
      for (const number of [1, 2]) writeFileSync(join(folder, 'ocr', `sprin-${number}.pdf.txt`), 'text');
      const named = (number: number, approved: boolean) =>
        line(number, '1', '2', { approved }).replace(/sprin-\d+/, 'sprin-1');
      const message =
        'to-chat: --ocr-dir: several jobs have the same filename, and its file has the text of only one of them: ' +
        'sprin-1.pdf; export with --include sources, and use --input ocr instead\n';
      for (const other of [named(8, true), named(8, false)]) {
        writeFileSync(join(folder, 'doubles.jsonl'), CORPUS + other);
        const run = toChat('doubles.jsonl', '--ocr-dir', 'ocr', '--out', 'out');
        expect([run.status, run.stderr]).toEqual([1, message]);
        expect(() => statSync(join(folder, 'out'))).toThrow('ENOENT');
      }
      // Nobody has the text of these, and a later version of a job is no other job.
      const unread = line(9, '1', '2').replace('sprin-9', 'sprin-2') + line(9, '1', '2');
      writeFileSync(join(folder, 'versions.jsonl'), CORPUS + line(1, '1', '2') + unread);
      expect(toChat('versions.jsonl', '--ocr-dir', 'ocr', '--holdout', '0').status).toBe(0);
      expect(contents('train.jsonl', 'user')).toEqual(['text', 'text']);
    },
  );

  itWithPython('takes the OCR text that the corpus has, its pages in order', () => {
    const page = (members: object) => ({ kind: 'ocr_text', page: null, sha256: null, uri: null, ...members });
    const withSources = (number: number, ...sources: object[]) =>
      line(number, '1', '{"nip":198703212010011234}', { tail: `,"sources":${JSON.stringify(sources)}` });
    writeFileSync(
      join(folder, 'sources.jsonl'),
      [
        withSources(
          1,
          page({ page: 2, text: 'dua\n' }),
          page({ kind: 'page_image', page: 1 }),
          page({ page: 1, text: 'SATU "1"\u2028\n' }),
        ),
        withSources(2, page({ text: 'b' }), page({ text: '' }), page({ text: 'a' })),
        withSources(3, page({ page: 1, text: 'here' }), page({ page: 2, uri: 's3://elsewhere' })),
        withSources(4, page({ kind: 'page_image', page: 1 })),
        withSources(5, page({ text: '' })),
      ].join(''),
    );
    const run = toChat('sources.jsonl', '--holdout', '0', '--input', 'ocr');
    expect(run.status).toBe(0);
    expect(contents('train.jsonl', 'user')).toEqual(['SATU "1"\u2028\n\fdua\n', 'b\f\fa']);
    expect(contents('train.jsonl', 'system')[0]).toContain('OCR text');
    expect(contents('train.jsonl', 'assistant')[0]).toBe('{"nip":198703212010011234}');
    expect(run.stderr).toContain('skipped, no OCR text: 2');
    expect(run.stderr).toContain('skipped, OCR text of a page is not in the corpus: 1');

    const without = toChat('corpus.jsonl', '--input', 'ocr');
    expect([without.status, without.stderr]).toEqual([
      1,
      'to-chat: corpus.jsonl, line 1: it has no sources; export with --include sources\n',
    ]);
    const both = toChat('sources.jsonl', '--input', 'ocr', '--ocr-dir', '.');
    expect([both.status, both.stderr]).toEqual([
      2,
      expect.stringContaining('not allowed with argument') as string,
    ]);
  });

  itWithPython('splits by job: the same in every run, order and corpus, and near the share asked for', () => {
    const many = Array.from({ length: 1000 }, (_, index) => line(index, `${index}`, `{"n":${index}}`));
    writeFileSync(join(folder, 'many.jsonl'), many.join(''));
    toChat('many.jsonl');
    const held = new Set(contents('eval.jsonl', 'assistant'));
    expect(held.size).toBeGreaterThan(70);
    expect(held.size).toBeLessThan(130);
    expect(rows('train.jsonl')).toHaveLength(1000 - held.size);
    const first = readFileSync(join(folder, 'eval.jsonl'));
    toChat('many.jsonl');
    expect(readFileSync(join(folder, 'eval.jsonl')).equals(first)).toBe(true);

    writeFileSync(join(folder, 'half.jsonl'), many.slice(0, 500).reverse().join(''));
    toChat('half.jsonl');
    expect(contents('eval.jsonl', 'assistant').every((answer) => held.has(answer))).toBe(true);
    expect(contents('train.jsonl', 'assistant').some((answer) => held.has(answer))).toBe(false);

    // The rule itself, so that a later version cannot move jobs from eval to train unseen.
    const heldBySha256 = (index: number): boolean =>
      Number(createHash('sha256').update(job(index)).digest().readBigUInt64BE()) < 0.1 * 2 ** 64;
    expect([...held]).toEqual(
      many
        .map((_, n) => n)
        .filter(heldBySha256)
        .map((n) => `{"n":${n}}`),
    );
  });

  itWithPython('lets the last version of a job stand', () => {
    writeFileSync(
      join(folder, 'later.jsonl'),
      line(1, '1', '"newer"') + line(2, '1', '2', { approved: false }),
    );
    expect(toChat('corpus.jsonl', 'later.jsonl', '--holdout', '0').status).toBe(0);
    expect(contents('train.jsonl', 'assistant')).toEqual(['"newer"', DEEP]);
  });

  itWithPython('refuses a corpus that is not whole, by its line, and writes nothing', () => {
    const cases: [string, string][] = [
      [CORPUS.slice(0, -1), 'corpus.jsonl, line 6: it has no line end'],
      [CORPUS.slice(0, 700) + '\n', 'corpus.jsonl, line 2: '],
      ['[]\n', 'corpus.jsonl, line 1: it is not a JSON object'],
      ['{"a":1}\n', 'corpus.jsonl, line 1: it has no job_id'],
      [CORPUS.replace(`"${job(1)}"`, '1'), 'corpus.jsonl, line 1: job_id and filename must be strings'],
      ['{"a":[1}\n', 'corpus.jsonl, line 1: brackets do not match'],
    ];
    for (const [text, message] of cases) {
      writeFileSync(join(folder, 'corpus.jsonl'), text);
      const run = toChat('corpus.jsonl', '--out', 'out');
      expect(run.stderr).toContain(message);
      expect(run.status).toBe(1);
      expect(() => statSync(join(folder, 'out'))).toThrow('ENOENT');
    }
  });

  itWithPython('has every option explained in training.md', () => {
    const options = new Set(toChat('--help').stdout.match(/--[a-z-]+/g));
    options.delete('--help');
    expect(firstColumn(read('training.md'), '1. Chat rows').map((cell) => cell.split(' ')[0])).toEqual([
      ...options,
    ]);
  });

  itWithPython('parses under Python 3.8, as unsloth-lora.py does', () => {
    const parse = 'import ast, sys; ast.parse(open(sys.argv[1]).read(), feature_version=(3, 8))';
    for (const name of ['to-chat.py', 'unsloth-lora.py']) {
      expect(spawnSync('python3', ['-c', parse, join(RECIPES, name)], { encoding: 'utf8' }).stderr).toBe('');
    }
  });
});
