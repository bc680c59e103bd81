import { counted } from '../platform/counted.js';

/** Documents named with a reason; more are only counted. */
const MOST_NAMED = 10;

/** What a count is of. */
export type Unit = 'document' | 'row';

/** Why a document, or a row of its table, is left out. */
export interface Refusal {
  readonly reason: string;
  readonly unit: Unit;
}

/** Why documents, or rows of theirs, are not in a dataset, and how many of them. */
export interface LeftOutFor {
  readonly reason: string;
  /** Only where a document may have several rows. */
  readonly unit?: Unit;
  readonly count: number;
  /** The first of the documents. */
  readonly job_ids: readonly string[];
}

/** Counts documents, and rows, that are left out, by reason. */
export class LeftOut {
  private readonly reasons = new Map<string, { unit: Unit; count: number; job_ids: string[] }>();

  /** @param isByRow whether a document may have several rows */
  constructor(private readonly isByRow: boolean) {}

  add({ reason, unit }: Refusal, jobId: string): void {
    const found = this.reasons.get(reason) ?? { unit, count: 0, job_ids: [] };
    this.reasons.set(reason, found);
    found.count++;
    if (found.job_ids.length < MOST_NAMED && found.job_ids.at(-1) !== jobId) found.job_ids.push(jobId);
  }

  /** Most first. */
  list(): LeftOutFor[] {
    return [...this.reasons]
      .map(([reason, { unit, count, job_ids }]) => ({
        reason,
        ...(this.isByRow && { unit }),
        count,
        job_ids,
      }))
      .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
  }
}

/** How many are left out, and of what if that is not plain. */
export function amountOf({ unit, count }: LeftOutFor): string {
  return unit === undefined ? count.toLocaleString('en-US') : counted(count, unit);
}
