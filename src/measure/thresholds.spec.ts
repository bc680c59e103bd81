import { type Evaluation } from './evaluation.js';
import { missedOf, parseThresholds } from './thresholds.js';

describe('thresholds', () => {
  it.each([
    ['f1=0.9', [{ score: 'f1', least: 0.9 }]],
    ['exact=1', [{ score: 'exact', least: 1 }]],
    [
      'f1=0.9,header.tanggal:f1=0.95',
      [
        { score: 'f1', least: 0.9 },
        { field_path: 'header.tanggal', score: 'f1', least: 0.95 },
      ],
    ],
    [
      'personel[*].nrp:f1=0.95,["a,b:f1=1"].c:recall=0,macro_f1=0.5',
      [
        { field_path: 'personel[*].nrp', score: 'f1', least: 0.95 },
        { field_path: '["a,b:f1=1"].c', score: 'recall', least: 0 },
        { score: 'macro_f1', least: 0.5 },
      ],
    ],
  ])('%s', (text, thresholds) => {
    expect(parseThresholds(text)).toEqual(thresholds);
  });

  it.each(['', 'f1', 'f1=', 'f1=2', 'f1=-1', 'f1=.5', 'F1=0.5', 'cer=0.1', 'a:exact=1', 'a:=1'])(
    'are not %j',
    (text) => {
      expect(parseThresholds(text)).toBeUndefined();
    },
  );

  const score = (value: number | null, low = value) => ({ value, low });
  const evaluation = {
    scores: { f1: score(0.95, 0.9), exact: score(null) },
    fields: [{ field_path: 'a.b', f1: score(0.8) }],
    parents: [{ field_path: 'a', f1: score(0.7) }],
  } as unknown as Evaluation;

  it.each([
    ['f1=0.95', 'value', []],
    ['f1=0.95', 'lower', [0.9]],
    ['a.b:f1=0.8,a:f1=0.7', 'value', []],
    ['a.b:f1=0.81,a:f1=0.71', 'value', [0.8, 0.7]],
    ['exact=0', 'value', [null]],
    ['no.such:f1=0', 'lower', [null]],
  ] as const)('%s by the %s misses %j', (text, bound, values) => {
    expect(missedOf(parseThresholds(text)!, evaluation, bound).map(({ value }) => value)).toEqual(values);
  });
});
