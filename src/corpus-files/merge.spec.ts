import fc from 'fast-check';
import { generateSamples } from '../../samples/generate.js';
import { Changes } from './changes-file.js';
import { mergeChanges } from './merge.js';

/** In the order of a corpus. */
const lines = [...generateSamples({ count: 30, seed: 11 })].map((line) => Buffer.from(`${line}\n`));
const idOf = (line: Buffer): string => (JSON.parse(line.toString()) as { job_id: string }).job_id;
const CURSOR = Buffer.from('{"op":"cursor","cursor":"x","more":false,"waiting":null}\n');

/** Blocks in the same memory: each overwrites the one before. */
async function* inReusedMemory(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  const memory = Buffer.alloc(Math.max(...sizes));
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = bytes.copy(memory, 0, at, at + sizes[turn % sizes.length]!);
    yield await Promise.resolve(memory.subarray(0, length));
    memory.fill('#');
    at += length;
  }
}

/** What a change does to a job, if there is one. */
const fate = fc.constantFrom('kept', 'absent', 'removed', 'replaced', 'new');

function changeOf(line: Buffer, what: string): Buffer {
  const id = idOf(line);
  const upsert = Buffer.from(`{"op":"upsert","job_id":"${id}","sample":${line.toString().trimEnd()}}\n`);
  const remove = Buffer.from(`{"op":"remove","job_id":"${id}","reason":"erased"}\n`);
  return what === 'removed' ? remove : upsert;
}

describe('merging changes into a corpus', () => {
  it('gives the corpus as it is now, however both are cut and wherever their memory is used again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fate, { minLength: lines.length, maxLength: lines.length }),
        fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 30_000 })), {
          minLength: 1,
          maxLength: 5,
        }),
        async (fates, sizes) => {
          const before = lines.map((line, index) =>
            fates[index] === 'replaced'
              ? Buffer.from(line.toString().replace('"filename":"', '"filename":"old '))
              : line,
          );
          const whose = (...names: string[]) => lines.filter((_, index) => names.includes(fates[index]!));
          const corpus = Buffer.concat(
            before.filter((_, index) => !['absent', 'new'].includes(fates[index]!)),
          );
          // In another order than that of a corpus.
          const changed = whose('removed', 'new', 'replaced').reverse();
          const answer = Buffer.concat([
            ...changed.map((line) => changeOf(line, fates[lines.indexOf(line)]!)),
            CURSOR,
          ]);
          const changes = await Changes.read(inReusedMemory(answer, sizes), 'changes');
          try {
            const merged: Buffer[] = [];
            for await (const piece of mergeChanges(inReusedMemory(corpus, sizes), 'corpus', changes))
              merged.push(Buffer.from(piece));
            expect(Buffer.concat(merged).toString()).toBe(
              Buffer.concat(whose('kept', 'replaced', 'new')).toString(),
            );
          } finally {
            changes.close();
          }
        },
      ),
    );
  });
});
