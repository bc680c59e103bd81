import { createHash } from 'node:crypto';
import { FileFault } from '../platform/files/file-fault.js';

/** The name of the manifest in the folder of a corpus in parts. */
export const MANIFEST_NAME = 'manifest.json';

const PART_NAME = /^part-[0-9]{5,}\.jsonl(\.gz|\.zst)?$/;

/** Whether a file of this name is taken for a part. */
export function isPartName(name: string): boolean {
  return PART_NAME.test(name);
}

/** What is known of a sample from its place in a corpus. */
interface PlaceOfSample {
  /** RFC 3339. */
  readonly created_at: string;
  readonly job_id: string;
}

/** A file with some lines of a corpus, which follow those of the part before. */
export interface Part {
  /** Of the file. */
  readonly name: string;
  /** The first and the last sample. */
  readonly first: PlaceOfSample;
  readonly last: PlaceOfSample;
  readonly samples: number;
  /** Before compression, as is `sha256`. */
  readonly bytes: number;
  /** In hexadecimal digits. */
  readonly sha256: string;
}

/** Why a value, which was JSON, is no list of parts; undefined if it is one. */
export function faultOfParts(value: unknown): string | undefined {
  if (!Array.isArray(value)) return '"parts" is not a list';
  let previous = '';
  for (const [index, part] of value.entries()) {
    const { name, bytes, sha256 } = Object(part) as Record<string, unknown>;
    // Names of another form might lead out of the folder.
    if (typeof name !== 'string' || !isPartName(name)) return `part ${index} has no name of a part`;
    if (name <= previous) return `part ${index} is not in order`;
    if (!Number.isSafeInteger(bytes) || Number(bytes) < 1) return `${name} has no number of bytes`;
    if (typeof sha256 !== 'string') return `${name} has no sha256`;
    previous = name;
  }
  return undefined;
}

/**
 * Passes on the lines of a corpus, and checks that they are what the manifest says of each part.
 *
 * @param blocks of all parts, decompressed
 * @param name of the corpus, for messages
 * @throws FileFault if they are not: at the end of the first part that differs
 */
export async function* verified(
  blocks: AsyncIterable<Buffer>,
  parts: readonly Part[],
  name: string,
): AsyncGenerator<Buffer> {
  let index = 0;
  let left = parts[0]?.bytes ?? 0;
  let digest = createHash('sha256');
  for await (const block of blocks) {
    for (let start = 0; start < block.length;) {
      const part = parts[index];
      if (!part) throw new FileFault(`${name}: there is more than what the manifest says`);
      const end = Math.min(block.length, start + left);
      digest.update(block.subarray(start, end));
      left -= end - start;
      start = end;
      if (left > 0) continue;
      if (digest.digest('hex') !== part.sha256)
        throw new FileFault(`${name}: ${part.name} is not what the manifest says`);
      digest = createHash('sha256');
      left = parts[++index]?.bytes ?? 0;
    }
    yield block;
  }
  if (index < parts.length)
    throw new FileFault(`${name}: ${parts[index]!.name} ends too early, or parts before it were altered`);
}
