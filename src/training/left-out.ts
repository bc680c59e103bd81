/** Documents named with a reason; more are only counted. */
const MOST_NAMED = 10;

/** Why documents, or rows of theirs, are not in a dataset, and how many of them. */
export interface LeftOutFor {
  readonly reason: string;
  readonly count: number;
  /** The first of the documents. */
  readonly job_ids: readonly string[];
}

/** Counts documents, and rows, that are left out, by reason. */
export class LeftOut {
  private readonly reasons = new Map<string, { count: number; job_ids: string[] }>();

  add(reason: string, jobId: string): void {
    const found = this.reasons.get(reason) ?? { count: 0, job_ids: [] };
    this.reasons.set(reason, found);
    found.count++;
    if (found.job_ids.length < MOST_NAMED && found.job_ids.at(-1) !== jobId) found.job_ids.push(jobId);
  }

  get total(): number {
    return this.list().reduce((total, { count }) => total + count, 0);
  }

  /** Most first. */
  list(): LeftOutFor[] {
    return [...this.reasons]
      .map(([reason, { count, job_ids }]) => ({ reason, count, job_ids }))
      .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
  }
}
