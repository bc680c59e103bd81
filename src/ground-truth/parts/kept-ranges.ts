import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { linesOf } from '../../corpus-files/lines.js';
import { jobIdOf } from '../../corpus-files/sample-line.js';
import { type Snapshot } from '../../platform/database/snapshot.js';
import { type Compression, decompress } from '../../platform/files/compression.js';
import { compareKeys, compareRanges, indexOfKey, type Key } from '../key-range.js';
import { changedSince } from './borders.js';
import { type FinishedRange, type LeftExport } from './part-folder.js';
import { type WrittenPart } from './part-writer.js';

/** Their ids take some 100 bytes of memory each. After more changes, little would be kept anyway. */
const MOST_CHANGES = 1_000_000;
const BLOCK_SIZE = 1024 * 1024;

/**
 * The ranges of an export that was interrupted which are the same in a new snapshot: no job has changed that is in them, or that was in
 * them. An erased job has left no key behind, and one may have another key now, so parts are searched for the ids of changed jobs; this
 * also shows whether the parts are whole.
 *
 * @param folder with the parts
 * @param limit the key of the last sample of the corpus, if it has one
 * @returns in corpus order; undefined if there were too many changes
 */
export async function findKept(
  left: LeftExport,
  snapshot: Snapshot,
  folder: string,
  compression: Compression | undefined,
  limit: Key | null,
): Promise<FinishedRange[] | undefined> {
  const finished = [...left.ranges].sort((a, b) => compareRanges(a.range, b.range));
  const ranges = finished.map(({ range }) => range);
  const touched = new Set<number>();
  const changed = new Set<string>();
  for await (const { jobId, key } of changedSince(snapshot, left.head.oldest)) {
    changed.add(jobId);
    if (changed.size > MOST_CHANGES) return undefined;
    if (key) touched.add(indexOfKey(ranges, key));
  }
  const kept: FinishedRange[] = [];
  for (const [index, one] of finished.entries()) {
    const { to } = one.range;
    if (touched.has(index) || (limit && (!to || compareKeys(to, limit) > 0))) continue;
    if (await areAsWritten(one.parts, changed, folder, compression)) kept.push(one);
  }
  return kept;
}

async function areAsWritten(
  parts: readonly WrittenPart[],
  changed: ReadonlySet<string>,
  folder: string,
  compression: Compression | undefined,
): Promise<boolean> {
  for (const part of parts) if (!(await isAsWritten(part, changed, folder, compression))) return false;
  return true;
}

async function isAsWritten(
  { file, sha256 }: WrittenPart,
  changed: ReadonlySet<string>,
  folder: string,
  compression: Compression | undefined,
): Promise<boolean> {
  const digest = createHash('sha256');
  const source = createReadStream(path.join(folder, file), { highWaterMark: BLOCK_SIZE });
  async function* digested(): AsyncGenerator<Buffer> {
    for await (const block of contentOf(source, compression)) {
      digest.update(block);
      yield block;
    }
  }
  try {
    for await (const lines of linesOf(digested(), file)) {
      if (changed.size === 0) continue;
      let start = 0;
      for (const end of lines.ends) {
        if (changed.has(jobIdOf(lines.bytes, start, end) ?? '')) return false;
        start = end;
      }
    }
    return digest.digest('hex') === sha256;
  } catch {
    // It is missing or damaged: the range is read again.
    return false;
  } finally {
    source.destroy();
  }
}

function contentOf(
  source: AsyncIterable<Buffer>,
  compression: Compression | undefined,
): AsyncIterable<Buffer> {
  return compression === undefined ? source : decompress(source[Symbol.asyncIterator](), compression);
}
