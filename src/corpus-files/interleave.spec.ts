import fc from 'fast-check';
import { interleave } from './interleave.js';

const idOf = (n: number) => `0197a1b2-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
/** A sample as an export writes it, as far as it counts here. The name looks like what is searched for. */
const lineOf = (id: string, time: string) =>
  `{"job_id":"${id}","filename":"\\",\\"created_at\\":\\"x","created_at":"${time}","final_result":1.0}\n`;

async function* inPieces(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function interleaved(texts: readonly string[], size = 100): Promise<string> {
  const corpora = texts.map((text, n) => ({ name: `${n}.jsonl`, blocks: inPieces(text, size) }));
  const blocks: Buffer[] = [];
  for await (const block of interleave(corpora)) blocks.push(block);
  return Buffer.concat(blocks).toString();
}

/** Microseconds, so close that their texts have fractions of different lengths. */
const time = fc.integer({ min: 0, max: 2_000_000 }).map((microseconds) => ({
  microseconds,
  text: `2025-06-01T10:15:0${Math.floor(microseconds / 1_000_000)}${
    microseconds % 1_000_000 === 0
      ? ''
      : `.${String(microseconds % 1_000_000)
          .padStart(6, '0')
          .replace(/0+$/, '')}`
  }Z`,
}));

describe('interleave', () => {
  it('makes the corpus that the lines came from, however they are distributed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(time, fc.nat({ max: 4 })), { maxLength: 40 }),
        fc.integer({ min: 5, max: 6 }),
        fc.integer({ min: 1, max: 400 }),
        async (samples, corpora, size) => {
          const sorted = samples
            .map(([at, corpus], n) => ({ at, corpus, id: idOf((n * 7919) % 65_537) }))
            .sort((a, b) => a.at.microseconds - b.at.microseconds || (a.id < b.id ? -1 : 1));
          const text = (chosen: typeof sorted) => chosen.map(({ id, at }) => lineOf(id, at.text)).join('');
          const parts = Array.from({ length: corpora }, (_, n) =>
            text(sorted.filter(({ corpus }) => corpus === n)),
          );
          expect(await interleaved(parts, size)).toBe(text(sorted));
        },
      ),
    );
  });

  const early = '2025-06-01T10:15:00Z';
  const late = '2025-06-01T10:15:00.5Z';

  it('refuses a job that is there twice, at the same time or another one', async () => {
    const first = lineOf(idOf(1), early);
    for (const second of [first, lineOf(idOf(2), early) + lineOf(idOf(1), late)])
      await expect(interleaved([first, second])).rejects.toThrow(
        `job ${idOf(1)} is there more than once: line 1 of 0.jsonl, line ${second === first ? 1 : 2} of 1.jsonl`,
      );
  });

  it.each([
    ['out of order', lineOf(idOf(1), late) + lineOf(idOf(2), early), '0.jsonl: line 2 is not in the order'],
    ['something else', '{"a":1}\n', '0.jsonl: line 1 is not a sample'],
    ['cut off', lineOf(idOf(1), early).slice(0, -1), '0.jsonl: line 1 has no end'],
  ])('refuses a corpus that is %s', async (_, text, message) => {
    await expect(interleaved([text, ''])).rejects.toThrow(message);
  });

  it('of nothing is nothing', async () => {
    expect(await interleaved(['', ''])).toBe('');
  });
});
