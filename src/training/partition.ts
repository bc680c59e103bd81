import { type NumberList } from '../platform/number-list.js';
import { Groups } from './groups.js';
import { type Ledger } from './ledger.js';
import { type SimilarPair } from './near-duplicates.js';
import { NO_KEY, type Scan } from './scan.js';
import { type Assignment, assignSplits, type Split, splitsAlone } from './splits.js';

/** How the rows of a scan are divided. */
export interface Partition extends Assignment {
  readonly groups: Groups;
  /** See `splitsAlone`. */
  readonly alone: Int8Array;
  /** The most similar pair that was found across splits; undefined if no two share enough to be compared. */
  readonly closest: SimilarPair | undefined;
}

/** Groups the rows, and assigns the groups to splits. No two near-duplicates that were found are in different splits. */
export function partition(scan: Scan, ledger: Ledger, splits: readonly Split[]): Partition {
  const { ids, nearDuplicates: near } = scan;
  const rows = Uint32Array.from({ length: ids.count }, (_, row) => row);
  const old = new Groups(ids.count);
  const known = ledger.count === 0 ? new Uint32Array(0) : rows.filter((row) => ledger.splitOf(ids, row) >= 0);
  joinByKey(old, known, scan.keys);
  near?.join(old, known);
  const groups = new Groups(ids.count);
  groups.joinLike(old);
  joinByKey(groups, rows, scan.keys);
  near?.join(groups, rows);
  const alone = splitsAlone(ids, splits);
  for (;;) {
    const assignment = assignSplits(ids, old, groups, ledger, alone);
    const closest = near?.mostSimilarAcross(rows, (row) => assignment.splitOf[row]!);
    if (near === undefined || closest === undefined || closest.similarity < near.threshold)
      return { ...assignment, groups, alone, closest };
    // An estimate was too low by more than its margin.
    const [a, b] = closest.rows;
    groups.join(a, b);
    if ([a, b].every((row) => ledger.splitOf(ids, row) >= 0)) old.join(a, b);
  }
}

function joinByKey(groups: Groups, rows: Uint32Array, keys: NumberList): void {
  if (keys.count === 0) return;
  const sorted = rows
    .filter((row) => keys.at(row) !== NO_KEY)
    .sort((a, b) => keys.at(a) - keys.at(b) || a - b);
  for (let i = 1; i < sorted.length; i++)
    if (keys.at(sorted[i]!) === keys.at(sorted[i - 1]!)) groups.join(sorted[i - 1]!, sorted[i]!);
}

/** How many documents of each split would have one of their group in train, if each document were assigned by itself. */
export function leakIfAlone(
  { groups, alone }: Partition,
  splits: readonly Split[],
): { documents: number; twins: number }[] {
  const reachesTrain = new Uint8Array(alone.length);
  for (let row = 0; row < alone.length; row++) if (alone[row] === TRAIN) reachesTrain[groups.first(row)] = 1;
  return splits.map((_, split) => {
    let documents = 0;
    let twins = 0;
    for (let row = 0; row < alone.length; row++) {
      if (alone[row] !== split) continue;
      documents++;
      twins += reachesTrain[groups.first(row)]!;
    }
    return { documents, twins };
  });
}

const TRAIN = 0;
