import fc from 'fast-check';
import { Groups } from './groups.js';
import { NearDuplicates } from './near-duplicates.js';
import { jaccard, Shingler } from './shingles.js';

const THRESHOLD = 0.85;

/** Families of documents: each a text with some words of its own replaced. */
const corpus = fc
  .record({
    families: fc.array(fc.array(fc.integer({ min: 0, max: 999 }), { minLength: 40, maxLength: 80 }), {
      minLength: 1,
      maxLength: 8,
    }),
    copies: fc.array(
      fc.record({
        family: fc.nat(),
        changes: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 999 })), { maxLength: 12 }),
      }),
      { minLength: 2, maxLength: 40 },
    ),
  })
  .map(({ families, copies }) =>
    copies.map(({ family, changes }) => {
      const words = [...families[family % families.length]!];
      for (const [at, word] of changes) words[at % words.length] = word;
      return Buffer.from(JSON.stringify({ text: words.map((word) => `kata${word}`).join(' ') }));
    }),
  );

function find(
  answers: readonly Buffer[],
  threshold = THRESHOLD,
): { near: NearDuplicates; groups: Groups; rows: Uint32Array } {
  const near = new NearDuplicates(threshold, (row) => answers[row]!);
  for (const answer of answers) near.add(answer);
  const groups = new Groups(answers.length);
  const rows = Uint32Array.from(answers, (_, row) => row);
  near.join(groups, rows);
  return { near, groups, rows };
}

describe('near-duplicates', () => {
  it('are in one group, by comparison of all pairs', () => {
    const shingler = new Shingler();
    fc.assert(
      fc.property(corpus, (answers) => {
        const { groups } = find(answers);
        const sets = answers.map((answer) => shingler.shinglesOf(answer));
        const missed: [number, number][] = [];
        for (let a = 0; a < sets.length; a++)
          for (let b = 0; b < a; b++)
            if (jaccard(sets[a]!, sets[b]!) >= THRESHOLD && groups.first(a) !== groups.first(b))
              missed.push([a, b]);
        expect(missed).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('are no others, unless a chain of near-duplicates leads from one to the other', () => {
    const shingler = new Shingler();
    fc.assert(
      fc.property(corpus, (answers) => {
        const { groups } = find(answers);
        const sets = answers.map((answer) => shingler.shinglesOf(answer));
        // An estimate may take a pair for similar that is nearly so.
        const chains = new Groups(answers.length);
        for (let a = 0; a < sets.length; a++)
          for (let b = 0; b < a; b++) if (jaccard(sets[a]!, sets[b]!) >= THRESHOLD - 0.05) chains.join(a, b);
        const strangers = answers.filter((_, row) => chains.first(row) !== chains.first(groups.first(row)));
        expect(strangers).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('are found among many that are all alike, in little time', () => {
    const text = Array.from({ length: 60 }, (_, i) => `kata${i * i}`).join(' ');
    const answers = Array.from({ length: 3_000 }, (_, i) => Buffer.from(JSON.stringify(`${text} ${i}`)));
    const { near, groups } = find(answers);
    expect(new Set(answers.map((_, row) => groups.first(row))).size).toBe(1);
    expect(near.crowded.size).toBe(0);
  });

  it('names the most similar pair of different kinds', () => {
    const text = Array.from({ length: 80 }, (_, i) => `kata${i}`);
    const change = (count: number): Buffer =>
      Buffer.from(JSON.stringify(text.map((word, i) => (i < count ? `lain${i * 7}` : word)).join(' ')));
    const answers = [change(0), change(4), change(8), change(40)];
    const { near, groups, rows } = find(answers, 0.95);
    expect(rows.filter((row) => groups.first(row) !== row)).toHaveLength(0);
    const best = near.mostSimilarAcross(rows, (row) => [0, 1, 1, 1][row]!);
    expect(best?.rows).toEqual([0, 1]);
    expect(best?.similarity).toBe(near.similarityOf(0, 1));
    expect(near.mostSimilarAcross(rows, () => 0)).toBeUndefined();
  });
});
