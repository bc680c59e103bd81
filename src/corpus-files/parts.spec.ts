import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { FileFault } from '../platform/files/file-fault.js';
import { faultOfParts, isPartName, type Part, verified } from './parts.js';

const place = { created_at: '2025-01-01T00:00:00Z', job_id: '0197a1b2-0000-7000-8000-000000000001' };

function partsOf(contents: readonly Uint8Array[]): Part[] {
  return contents.map((content, index) => ({
    ...{ name: `part-0000${index}.jsonl`, first: place, last: place, samples: 1 },
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
  }));
}

async function read(bytes: Buffer, blockSize: number, parts: readonly Part[]): Promise<Buffer> {
  async function* blocks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += blockSize)
      yield await Promise.resolve(bytes.subarray(at, at + blockSize));
  }
  const found: Buffer[] = [];
  for await (const block of verified(blocks(), parts, 'corpus')) found.push(block);
  return Buffer.concat(found);
}

const contents = fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 6 });

describe('verified', () => {
  it('passes on what is so, in whatever blocks it comes', async () => {
    await fc.assert(
      fc.asyncProperty(contents, fc.integer({ min: 1, max: 30 }), async (all, size) => {
        const bytes = Buffer.concat(all);
        expect((await read(bytes, size, partsOf(all))).equals(bytes)).toBe(true);
      }),
    );
  });

  it('refuses any altered, missing or further byte', async () => {
    const alteration = fc.constantFrom('altered', 'missing', 'further');
    await fc.assert(
      fc.asyncProperty(
        contents,
        fc.integer({ min: 1, max: 30 }),
        fc.nat(),
        alteration,
        async (all, size, n, how) => {
          fc.pre(all.length > 0);
          const bytes = Buffer.concat(all);
          const at = n % bytes.length;
          const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at + (how === 'further' ? 0 : 1))];
          const middle = how === 'missing' ? [] : [how === 'altered' ? bytes[at]! ^ 1 : 0];
          const other = Buffer.concat([head, Buffer.from(middle), tail]);
          await expect(read(other, size, partsOf(all))).rejects.toThrow(FileFault);
        },
      ),
    );
  });
});

it.each(['part-00000.jsonl', 'part-123456.jsonl.gz', 'part-00001.jsonl.zst'])(
  'takes %s for a part',
  (name) => {
    expect(isPartName(name)).toBe(true);
  },
);

it.each([
  '../part-00000.jsonl',
  'part-0.jsonl',
  'part-00000.jsonl.bz2',
  '.part-00000.jsonl',
  'part-00000.jsonl\n',
])('does not take %j for a part', (name) => {
  expect(isPartName(name)).toBe(false);
});

it('finds lists that are none', () => {
  const [part] = partsOf([Buffer.from('x')]) as [Part];
  expect(faultOfParts([part])).toBeUndefined();
  expect(faultOfParts([])).toBeUndefined();
  for (const parts of [{}, 'x', [null], [part, part], [{ ...part, bytes: 1.5 }], [{ ...part, sha256: null }]])
    expect(faultOfParts(parts)).toEqual(expect.any(String));
});
