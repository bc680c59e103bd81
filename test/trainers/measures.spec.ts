import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { DocumentCounter, Count, SystemCount, SYSTEMS } from '../../src/measure/document-counts.js';
import { characterErrors, wordErrors } from '../../src/measure/text-errors.js';
import { CollapsedPaths } from '../../src/measure/value-tree.js';
import { pythonFor } from './python.js';

interface Pair<Value> {
  readonly gold: Value;
  readonly prediction: Value;
}

interface Scores {
  readonly anls: number[];
  readonly forms: Record<'precision' | 'recall' | 'f1', number>;
  readonly texts: Record<'cer' | 'wer', number>;
  readonly tables: number[];
}

/** Few words, so that values are often the same or alike. */
const word = fc.constantFrom('budi', 'santoso', 'Budi', 'santosa', '71020304', '71020394', 'kanit', '');
const scalar = fc.oneof(word, fc.integer({ min: 0, max: 99 }), fc.constant(null), fc.boolean());
const { document } = fc.letrec<{ document: unknown }>((tie) => ({
  document: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    scalar,
    fc.array(tie('document'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('document'), { maxKeys: 4 }),
  ),
}));
const form = fc.dictionary(
  fc.constantFrom('nomor', 'perihal', 'satuan', 'tanggal'),
  fc.constantFrom('1', '2', '3'),
);
const cell = fc.constantFrom('0', '1', '2');
const table = fc.array(fc.record({ a: cell, b: cell, c: cell }), { minLength: 1, maxLength: 6 });
/** Letters and single blanks only: what is a word, and a character, is the same for all. */
const text = fc
  .array(fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), minLength: 1, maxLength: 6 }), {
    minLength: 1,
    maxLength: 8,
  })
  .map((words) => words.join(' '));

const pairOf = <Value>(value: fc.Arbitrary<Value>) => fc.record({ gold: value, prediction: value });
const sample = <Value>(value: fc.Arbitrary<Value>, count: number) =>
  fc.sample(value, { numRuns: count, seed: 17 });

const cases = {
  // A list as a whole ground truth is a list of alternatives to anls_star.
  documents: sample(pairOf(fc.record({ d: document })), 2_000),
  forms: sample(pairOf(form), 500),
  tables: sample(pairOf(table), 500),
  texts: sample(fc.tuple(text, text), 500),
};

const counter = new DocumentCounter(
  { numbers: 'value', null: 'missing', ignore_case: false },
  new CollapsedPaths(),
);

function count({ gold, prediction }: Pair<unknown>) {
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  const { fields, anls } = counter.count(json(gold), [json(prediction), json(null)]);
  const sum = (at: number) => [...fields.values()].reduce((all, counts) => all + counts[at]!, 0);
  return {
    anls: anls[0],
    gold: sum(Count.Gold),
    predicted: sum(SYSTEMS[0] + SystemCount.Predicted),
    right: sum(SYSTEMS[0] + SystemCount.Right),
  };
}

describe('the packages that others measure with', () => {
  let scores: Scores;

  beforeAll(() => {
    const folder = mkdtempSync(path.join(tmpdir(), 'measures-'));
    try {
      const file = path.join(folder, 'cases.json');
      writeFileSync(file, JSON.stringify(cases));
      const answer = execFileSync(pythonFor('measures'), [path.join(__dirname, 'measures.py'), file]);
      scores = JSON.parse(answer.toString()) as Scores;
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('anls-star gives the same ANLS* of random documents', () => {
    const different = cases.documents.filter(
      (one, index) => Math.abs(count(one).anls - scores.anls[index]!) > 1e-9,
    );
    process.stdout.write(`anls-star: ${different.length} of ${cases.documents.length} differ\n`);
    expect(different).toEqual([]);
  });

  it('seqeval gives the same precision, recall and F1 of random forms', () => {
    const counts = cases.forms.map(count);
    const sum = (name: 'gold' | 'predicted' | 'right') => counts.reduce((all, one) => all + one[name], 0);
    expect(sum('right') / sum('predicted')).toBeCloseTo(scores.forms.precision, 9);
    expect(sum('right') / sum('gold')).toBeCloseTo(scores.forms.recall, 9);
    expect((2 * sum('right')) / (sum('gold') + sum('predicted'))).toBeCloseTo(scores.forms.f1, 9);
  });

  it('jiwer gives the same error rates of characters and words', () => {
    const rate = (errorsOf: typeof wordErrors) => {
      const all = cases.texts.map(([reference, hypothesis]) => errorsOf(reference, hypothesis));
      const sum = (name: 'errors' | 'of') => all.reduce((total, one) => total + one[name], 0);
      return sum('errors') / sum('of');
    };
    expect(rate(characterErrors)).toBeCloseTo(scores.texts.cer, 9);
    expect(rate(wordErrors)).toBeCloseTo(scores.texts.wer, 9);
  });

  it('stickler gives as many right values in random tables, whose rows it matches', () => {
    const ours = cases.tables.map(
      ({ gold, prediction }) => count({ gold: { rows: gold }, prediction: { rows: prediction } }).right,
    );
    expect(ours).toEqual(scores.tables);
  });
});
