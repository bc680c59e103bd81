import fc from 'fast-check';
import { generateSamples } from '../../samples/generate.js';
import { ReplayService } from '../replay/replay.service.js';
import { faultLines } from '../corpus/import/fault-lines.js';
import { checkCorpus, type Checked } from './check.js';
import { differencesFrom } from './manifest.js';

const lines = [...generateSamples({ count: 60, seed: 7 })].map((line) => `${line}\n`);
const corpus = lines.join('');

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

function check(text: string | Buffer, acceptDiverged = false, size = 1_000): Promise<Checked> {
  return checkCorpus(inPieces(Buffer.from(text as string), size), 'corpus', new ReplayService(), {
    acceptDiverged,
  });
}

async function faultsOf(text: string, acceptDiverged = false): Promise<string[]> {
  const { faults, damage } = await check(text, acceptDiverged);
  return [...(faults ? faultLines(faults) : []), ...(damage === undefined ? [] : [damage])];
}

/** The corpus with another text for some lines, by index. */
const withLines = (changed: Record<number, string>) =>
  lines.map((line, index) => changed[index] ?? line).join('');

describe('a check', () => {
  it('of a corpus finds nothing, however it is cut into blocks', async () => {
    for (const size of [7, 1_000, 1_000_000])
      expect(await check(corpus, false, size)).toMatchObject({
        samples: 60,
        diverged: 0,
        bytes: Buffer.byteLength(corpus),
        faults: undefined,
        damage: undefined,
      });
    expect(await check('')).toMatchObject({ samples: 0, first_created_at: null, faults: undefined });
  });

  it('with what was measured before finds whatever was changed', async () => {
    const before = await check(corpus);
    const bytes = Buffer.from(corpus);
    const at = fc.nat(bytes.length - 1);
    const index = fc.nat(lines.length - 2);
    const change = fc.oneof(
      at.map((cut) => bytes.subarray(0, cut)),
      fc.tuple(at, fc.nat(7)).map(([byte, bit]) => {
        const flipped = Buffer.from(bytes);
        flipped[byte]! ^= 1 << bit;
        return flipped;
      }),
      index.map((gone) => Buffer.from(withLines({ [gone]: '' }))),
      index.map((n) => Buffer.from(withLines({ [n]: lines[n + 1]!, [n + 1]: lines[n]! }))),
      index.map((n) => Buffer.from(withLines({ [n]: lines[n]! + lines[n]! }))),
    );
    await fc.assert(
      fc.asyncProperty(change, async (changed) => {
        expect(differencesFrom(before, await check(changed))).not.toEqual([]);
      }),
    );
  });

  const swapped = withLines({ 3: lines[4]!, 4: lines[3]! });
  const twice = withLines({
    50: lines[50]! + lines[2]!.replace(/"created_at":"[^"]*"/, '"created_at":"2999-01-01T00:00:00Z"'),
  });
  const corrected = lines.findIndex((line) => line.includes('"new_value":"'));
  it.each<[string, string, RegExp]>([
    ['two lines that are swapped', swapped, /^line 5: is not in the order of an export: /],
    ['a job that occurs twice', twice, /job_id [0-9a-f-]{36} is in line 3 already$/],
    [
      'a line twice',
      withLines({ 3: lines[3]! + lines[3]! }),
      /^line 5: job_id [0-9a-f-]{36} is in line 4 already$/,
    ],
    [
      'a trail that does not replay',
      withLines({ [corrected]: lines[corrected]!.replace('"new_value":"', '"new_value":"x') }),
      /^line \d+: corrections\[\d+\] does not match the document at that point of the trail/,
    ],
    ['an end within a line', corpus.slice(0, -5), /^corpus: line 60 has no end: the file is not whole$/],
    ['a line that is not JSON', withLines({ 3: '{"job_id":\n' }), /^line 4: is not JSON/],
    ['a blank line', withLines({ 3: '\n' }), /^line 4: is not JSON/],
    ['pipeline output', withLines({ 3: '{"result":1}\n' }), /^line 4: (is pipeline output|filename)/],
    [
      'white space that an export does not write',
      withLines({ 3: lines[3]!.replace('","filename":', '", "filename":') }),
      /^line 4: is not written as an export writes it/,
    ],
    [
      'an id that an export does not write',
      withLines({ 3: lines[3]!.replace(/[0-9a-f-]{36}/, (id) => id.toUpperCase()) }),
      /^line 4: is not written as an export writes it/,
    ],
    [
      'a member that is not known',
      withLines({ 3: lines[3]!.replace('{', '{"x":1,') }),
      /^line 4: x is not known/,
    ],
  ])('finds %s', async (_, text, reason) => {
    const faults = await faultsOf(text);
    expect(faults.find((fault) => reason.test(fault))).toBeDefined();
  });

  describe('of a sample that says that it has diverged', () => {
    const trail = `[{"field_path":"b","old_value":1,"new_value":2,"corrected_by":"r","reason":null,"corrected_at":"2025-06-01T10:16:00Z"}]`;
    const sample = (initial: string, diverged: string) =>
      '{"job_id":"0197a1b2-0000-7000-8000-000000000001","filename":"f","source_kind":"pdf","approved":false,"reviewed_by":null,' +
      `"reviewed_at":null,"created_at":"2025-06-01T10:15:00Z","initial_result":${initial},"final_result":{"a":1},` +
      `"corrections":${trail},"review_flags":[],"confidence":null,"diverged":${diverged}}\n`;
    const known = sample('{"a":1}', '{"correction":0,"reason":"path_missing"}');

    it('finds it, unless it is known', async () => {
      expect(await faultsOf(known)).toEqual([
        expect.stringMatching(/use --accept-diverged if this is known$/),
      ]);
      expect(await check(known, true)).toMatchObject({ diverged: 1, faults: undefined });
    });

    it.each([
      [
        'another divergence',
        sample('{"a":1}', '{"correction":0,"reason":"value_differs"}'),
        'diverged is not what',
      ],
      [
        'another original',
        sample('{"a":2}', '{"correction":0,"reason":"path_missing"}'),
        'initial_result is not what',
      ],
    ])('finds %s', async (_, text, reason) => {
      expect(await faultsOf(text, true)).toEqual([expect.stringContaining(reason)]);
    });
  });
});
