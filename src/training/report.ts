import { counted } from '../platform/counted.js';
import { type LeftOutFor } from './left-out.js';
import { leakIfAlone, type Partition } from './partition.js';
import { type Scan } from './scan.js';
import { LEFT_OUT, type Split } from './splits.js';

/** What `dataset.json` says. Its members come in this order; it has no time, so that it is the same each time. */
export interface DatasetReport {
  readonly format: 1;
  readonly tool: 'ground-truth';
  readonly version: string;
  /** As given, or their defaults; without names of files. */
  readonly flags: Readonly<Record<string, string>>;
  readonly corpus: {
    readonly samples: number;
    readonly bytes: number;
    readonly sha256: string;
  };
  readonly producers: readonly { readonly producer: string; readonly documents: number }[];
  readonly splits: readonly {
    readonly name: string;
    readonly share: number;
    readonly rows: number;
    /** Only where a document may have several rows. */
    readonly documents?: number;
    /** Of the rows, those whose documents the ledger had already. */
    readonly from_ledger: number;
    /** Of the file; null where there is none, because the split has no rows. */
    readonly sha256: string | null;
  }[];
  readonly images: number;
  readonly left_out: readonly LeftOutFor[];
  readonly lengths: Readonly<Record<string, Lengths>>;
  readonly most_corrected_fields: readonly { readonly field_path: string; readonly count: number }[];
  readonly leakage: LeakageReport;
}

/** Of the rows of all splits. */
export interface Lengths {
  readonly median: number;
  readonly p90: number;
  readonly p99: number;
  readonly longest: number;
}

interface LeakageReport {
  /** Groups in the dataset. */
  readonly groups: number;
  readonly documents_in_groups_of_several: number;
  /** Sizes, largest first. */
  readonly largest_groups: readonly number[];
  /** What was found among pairs of documents that share a band of their signatures; null where none does, or none was looked for. */
  readonly most_similar_across_splits: {
    readonly similarity: number;
    readonly documents: readonly { readonly job_id: string; readonly split: string }[];
  } | null;
  /** Documents that share bands with so many others that they were not compared with all of them. */
  readonly not_compared_with_all: number;
  /** What a split of single documents, whatever they resemble, would do. */
  readonly if_split_alone: readonly {
    readonly split: string;
    readonly documents: number;
    /** Those that have a document of their group in train. */
    readonly with_group_in_train: number;
  }[];
}

const MOST_LISTED = 10;

/** @param of by split: `rows`, how many it has, and `fromLedger`, how many of those the ledger had already */
export function reportOf(
  scan: Scan,
  parts: Partition,
  splits: readonly Split[],
  of: {
    readonly version: string;
    readonly flags: Readonly<Record<string, string>>;
    readonly rows: readonly number[];
    readonly fromLedger: readonly number[];
    readonly digests: readonly (string | undefined)[];
    readonly images: number;
  },
): DatasetReport {
  const { splitOf, groups, closest } = parts;
  const isIn = (row: number): boolean => splitOf[scan.documentOf(row)] !== LEFT_OUT;
  const lengths = {
    prompt_characters: quantiles(scan.promptLengths.sorted(isIn)),
    answer_characters: quantiles(scan.answerLengths.sorted(isIn)),
    ...(scan.tokens.count > 0 && { tokens: quantiles(scan.tokens.sorted(isIn)) }),
  };
  const sizes = groupSizes(scan, splitOf, groups);
  return {
    format: 1,
    tool: 'ground-truth',
    version: of.version,
    flags: of.flags,
    corpus: scan.corpus,
    producers: mostOf(scan.producers).map(([producer, documents]) => ({ producer, documents })),
    splits: splits.map(({ name, share }, split) => ({
      name,
      share,
      rows: of.rows[split]!,
      ...(scan.isByRow && { documents: splitOf.filter((each) => each === split).length }),
      from_ledger: of.fromLedger[split]!,
      sha256: of.digests[split] ?? null,
    })),
    images: of.images,
    left_out: scan.leftOut.list(),
    lengths,
    most_corrected_fields: mostOf(scan.corrected).map(([field_path, count]) => ({ field_path, count })),
    leakage: {
      groups: sizes.length,
      documents_in_groups_of_several: sizes.filter((size) => size > 1).reduce((sum, size) => sum + size, 0),
      largest_groups: sizes.slice(0, MOST_LISTED),
      most_similar_across_splits: closest
        ? {
            similarity: Number(closest.similarity.toFixed(4)),
            documents: closest.rows.map((row) => ({
              job_id: scan.ids.at(row),
              split: splits[splitOf[row]!]!.name,
            })),
          }
        : null,
      not_compared_with_all: scan.nearDuplicates?.crowded.size ?? 0,
      if_split_alone: leakIfAlone(parts, splits)
        .map(({ documents, twins }, split) => ({
          split: splits[split]!.name,
          documents,
          with_group_in_train: twins,
        }))
        .slice(1),
    },
  };
}

/** How much is in a dataset, such as `1,204 rows of 153 documents`. */
export function sizeText({ splits }: DatasetReport): string {
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  const rows = counted(sum(splits.map((split) => split.rows)), 'row');
  const documents = splits.flatMap((split) => split.documents ?? []);
  return documents.length === 0 ? rows : `${rows} of ${counted(sum(documents), 'document')}`;
}

/** Largest first. */
function groupSizes(scan: Scan, splitOf: Int8Array, groups: Partition['groups']): number[] {
  const sizes = new Int32Array(scan.ids.count);
  for (let row = 0; row < sizes.length; row++) if (splitOf[row] !== LEFT_OUT) sizes[groups.first(row)]!++;
  return Array.from(
    sizes
      .filter((size) => size > 0)
      .sort()
      .reverse(),
  );
}

/** @param sorted in ascending order */
function quantiles(sorted: Float64Array): Lengths {
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  return { median: at(0.5), p90: at(0.9), p99: at(0.99), longest: at(1) };
}

/** Most first, ties by name. */
function mostOf(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).slice(0, MOST_LISTED);
}
