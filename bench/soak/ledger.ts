import { isDeepStrictEqual } from 'node:util';
import { hash } from 'node:crypto';
import type pg from 'pg';
import { type Answer } from './client.js';

/** By this the trail tells what the clients did from what was imported. */
export const REVIEWER = 'soak-';

/** A correction as it is acknowledged. */
interface Acknowledged {
  readonly id: number;
  readonly field_path: string;
  readonly op: string;
  readonly old_value: unknown;
  readonly new_value: unknown;
  readonly corrected_by: string;
  readonly reason: string | null;
}

interface Entry {
  readonly digest: string;
  readonly sentAt: number;
  readonly answeredAt: number;
}

type Row = Omit<Acknowledged, 'id' | 'old_value' | 'new_value'> & {
  readonly id: string;
  readonly job_id: string;
  readonly old_value: unknown;
  readonly new_value: unknown;
};

/** Remembers every correction that was acknowledged, to hold the trail against it. */
export class Ledger {
  /** By id; ids are the database's. */
  private readonly entries = new Map<number, Entry>();

  get size(): number {
    return this.entries.size;
  }

  /** @returns what is wrong with the acknowledgement, if anything is */
  note(jobId: string, { text, sentAt, answeredAt }: Answer, sent?: readonly unknown[]): string | undefined {
    const { corrections } = JSON.parse(text) as { corrections: readonly Acknowledged[] };
    for (const correction of corrections) {
      if (this.entries.has(correction.id)) return 'an id was given twice';
      this.entries.set(correction.id, { digest: digestOf(jobId, correction), sentAt, answeredAt });
    }
    const values = corrections.map(({ new_value }) => new_value);
    return sent === undefined || isDeepStrictEqual(values, sent) ? undefined : 'other values than were sent';
  }

  /** What does not fit in the trail, counted; nothing where it is exact. */
  async holdAgainstTrail(pool: pg.Pool): Promise<Map<string, number>> {
    const flaws = new Map<string, number>();
    const flaw = (what: string) => flaws.set(what, (flaws.get(what) ?? 0) + 1);
    const { rows } = await pool.query<Row>(
      `select id, job_id, field_path, op, old_value, new_value, corrected_by, reason from job_corrections
       where starts_with(corrected_by, $1) order by job_id, corrected_at, id`,
      [REVIEWER],
    );
    const missing = new Set(this.entries.keys());
    let job = '';
    let latestSent = 0;
    for (const row of rows) {
      if (row.job_id !== job) latestSent = 0;
      job = row.job_id;
      const entry = this.entries.get(Number(row.id));
      if (!entry) {
        flaw('recorded, and not acknowledged');
        continue;
      }
      missing.delete(Number(row.id));
      if (digestOf(row.job_id, row) !== entry.digest) flaw('recorded as something else');
      // Whoever had their answer before another one asked comes before them.
      if (entry.answeredAt < latestSent) flaw('recorded out of order');
      latestSent = Math.max(latestSent, entry.sentAt);
    }
    for (const _ of missing) flaw('acknowledged, and not recorded');
    return flaws;
  }
}

function digestOf(
  jobId: string,
  { id, field_path, op, old_value, new_value, corrected_by, reason }: Acknowledged | Row,
): string {
  const all = [jobId, Number(id), field_path, op, old_value, new_value, corrected_by, reason];
  return hash('sha256', JSON.stringify(all));
}
