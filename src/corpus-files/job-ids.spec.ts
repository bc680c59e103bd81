import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { JobIds } from './job-ids.js';

const uuid = (n: number) => `0197a1b2-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;

function repeatedOf(ids: readonly string[]): Map<string, readonly number[]> {
  const noted = new JobIds();
  try {
    for (const [note, id] of ids.entries()) noted.add(id, note);
    return new Map([...noted.repeated()].map(({ jobId, notes }) => [jobId, notes]));
  } finally {
    noted.close();
  }
}

function expected(ids: readonly string[]): Map<string, readonly number[]> {
  const all = new Map<string, number[]>();
  for (const [note, id] of ids.entries()) all.set(id, [...(all.get(id) ?? []), note]);
  return new Map([...all].filter(([, notes]) => notes.length > 1));
}

describe('ids of jobs', () => {
  it('that occur more than once are found, with their notes in order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 300 }), (numbers) => {
        const ids = numbers.map(uuid);
        expect(repeatedOf(ids)).toEqual(expected(ids));
      }),
    );
  });

  // The memory is used up, so some are in files.
  it.each([
    ['that grow', (n: number) => uuid(n)],
    [
      'of any kind',
      () =>
        randomBytes(16)
          .toString('hex')
          .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    ],
  ])('%s, 140,000 of them', (_, make) => {
    const ids = Array.from({ length: 140_000 }, (_, n) => make(n));
    ids.push(ids[0]!, ids[77_777]!, ids[77_777]!);
    expect(repeatedOf(ids)).toEqual(
      new Map([
        [ids[0], [0, 140_000]],
        [ids[77_777], [77_777, 140_001, 140_002]],
      ]),
    );
  });
});
