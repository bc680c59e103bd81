import { hash } from 'node:crypto';
import { type Groups } from './groups.js';
import { type JobIds } from './job-ids.js';
import { type Ledger } from './ledger.js';

/** A part of a dataset, and the share of the groups that go to it. */
export interface Split {
  readonly name: string;
  readonly share: number;
}

/** What no split gets, by number. */
export const LEFT_OUT = -1;
/** Makes the assignment another one than that of any other use of these ids. It must never change. */
const SALT = 'ground-truth/split/1\0';
/** A mask of splits is one number, and a name is one byte in the ledger. */
const MOST_SPLITS = 16;

/**
 * Reads `train=0.8,validation=0.1,test=0.1`.
 *
 * @returns the reason why it cannot be read, as text
 */
export function parseSplits(text: string): readonly Split[] | string {
  const splits: Split[] = [];
  for (const part of text.split(',')) {
    const [, name, share] = /^([A-Za-z]\w*)=(0|1|0?\.[0-9]+|1\.0+|0\.0+)$/.exec(part) ?? [];
    if (name === undefined) return `${JSON.stringify(part)} is not a name and a share, such as train=0.8`;
    if (splits.some((split) => split.name === name)) return `${name} is named twice`;
    splits.push({ name, share: Number(share) });
  }
  if (splits.length > MOST_SPLITS) return `there are more than ${MOST_SPLITS} splits`;
  const [first] = splits;
  if (first?.name !== 'train' || first.share === 0)
    return 'the first split must be train, with a share above 0: what is trained on';
  const sum = splits.reduce((total, { share }) => total + share, 0);
  return Math.abs(sum - 1) < 1e-9 ? splits : `the shares add up to ${Number(sum.toFixed(9))}, not to 1`;
}

/**
 * The split of a group, by the id of its first document in corpus order, which stays the first as the corpus grows. The same on every
 * machine.
 */
export function splitByShare(id: string, splits: readonly Split[]): number {
  const place = hash('sha256', SALT + id, 'buffer').readUIntBE(0, 6) / 2 ** 48;
  let end = 0;
  for (const [number, { share }] of splits.entries()) {
    end += share;
    if (share > 0 && place < end) return number;
  }
  return splits.findLastIndex(({ share }) => share > 0);
}

/** By document: the number of the split that it would go to by itself. */
export function splitsAlone(ids: JobIds, splits: readonly Split[]): Int8Array {
  return Int8Array.from({ length: ids.count }, (_, row) => splitByShare(ids.at(row), splits));
}

/** Which split each document goes to, and why some go to none. */
export interface Assignment {
  /** The number of the split of each document, or LEFT_OUT. */
  readonly splitOf: Int8Array;
  /** New documents whose group has documents of several splits by the ledger. */
  readonly between: readonly number[];
  /** Documents of the ledger that are alike, but are in several splits by it. Those of the last of these splits stay. */
  readonly contradicting: readonly number[];
}

/**
 * Assigns groups to splits. A document that the ledger knows goes where it went before, or nowhere.
 *
 * @param old the groups that documents of the ledger form by themselves, without the others
 * @param all the groups of all documents
 * @param alone see `splitsAlone`; a group goes where its first document would
 */
export function assignSplits(
  ids: JobIds,
  old: Groups,
  all: Groups,
  ledger: Ledger,
  alone: Int8Array,
): Assignment {
  const known = Int8Array.from({ length: ids.count }, (_, row) => ledger.splitOf(ids, row));
  const ofOld = masksOf(old, known);
  const contradicting: number[] = [];
  for (let row = 0; row < known.length; row++) {
    const mask = ofOld[old.first(row)]!;
    if (known[row]! < 0 || known[row] === lastOf(mask)) continue;
    contradicting.push(row);
  }
  for (const row of contradicting) known[row] = LEFT_OUT;
  const isContradicting = new Set(contradicting);
  const ofAll = masksOf(all, known);
  const splitOf = Int8Array.from(known);
  const between: number[] = [];
  for (let row = 0; row < known.length; row++) {
    if (known[row]! >= 0 || isContradicting.has(row)) continue;
    const first = all.first(row);
    const mask = ofAll[first]!;
    if ((mask & (mask - 1)) !== 0) between.push(row);
    else if (mask !== 0) splitOf[row] = lastOf(mask);
    else splitOf[row] = row === first ? alone[row]! : splitOf[first]!;
  }
  return { splitOf, between, contradicting };
}

/** By the first row of a group: a bit for each split that its documents are in by the ledger. */
function masksOf(groups: Groups, known: Int8Array): Int32Array {
  const masks = new Int32Array(known.length);
  for (let row = 0; row < known.length; row++)
    if (known[row]! >= 0) masks[groups.first(row)]! |= 1 << known[row]!;
  return masks;
}

/** The last split of a mask. */
function lastOf(mask: number): number {
  return 31 - Math.clz32(mask);
}
