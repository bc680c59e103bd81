import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type pg from 'pg';
import { secondsSince } from '../measurement.js';

/** An answer that ends what the client is doing, and has been counted already. */
export class Counted extends Error {}

/** Counts answers by kind. Keeps nothing of a document. */
export class Checks {
  /** Seconds of the expected answers; how many of them were provoked errors; the number of unexpected answers. */
  readonly kinds = new Map<string, { readonly seconds: number[]; provoked: number; unprovoked: number }>();
  /** Faults by description, with the first few examples. */
  readonly faults = new Map<string, { count: number; examples: string[] }>();
  /** The digests of the complete exports. */
  readonly digests: string[] = [];
  samples = 0;
  bytes = 0;
  /** Exports whose connection to the database was cut. */
  cuts = 0;
  /** Idle connections of the server to the database that were ended. An export may just have begun on one. */
  broken = 0;

  /** @param start the time of the request, from `performance.now()` */
  expected(kind: string, start: number, isProvoked = false): void {
    const count = this.of(kind);
    count.seconds.push(secondsSince(start));
    if (isProvoked) count.provoked++;
  }

  fault(kind: string, what: string, example = ''): Counted {
    this.of(kind).unprovoked++;
    const name = `${kind}: ${what}`;
    const fault = this.faults.get(name) ?? { count: 0, examples: [] };
    this.faults.set(name, fault);
    fault.count++;
    if (example !== '' && fault.examples.length < 5) fault.examples.push(example);
    return new Counted(name);
  }

  private of(kind: string) {
    const count = this.kinds.get(kind) ?? { seconds: [], provoked: 0, unprovoked: 0 };
    this.kinds.set(kind, count);
    return count;
  }
}

const FIELDS = ['field_path', 'op', 'old_value', 'new_value', 'corrected_by', 'reason'] as const;

type Correction = Readonly<Record<(typeof FIELDS)[number], unknown> & { id: string | number }>;

/** The names of all clients begin with it, to distinguish their corrections from imported ones. */
export const REVIEWER = 'soak-';

/** The acknowledged corrections, to compare with the trail. */
export class AcknowledgedCorrections {
  private readonly byId = new Map<number, { digest: string; sentAt: number; answeredAt: number }>();

  get size(): number {
    return this.byId.size;
  }

  /**
   * @param sent the new values, if they are known
   * @returns what is wrong with the acknowledgement, if anything
   */
  add(jobId: string, answer: { text: string; sentAt: number; answeredAt: number }, sent?: unknown[]) {
    const { text, sentAt, answeredAt } = answer;
    const { corrections } = JSON.parse(text) as { corrections: readonly Correction[] };
    for (const correction of corrections) {
      if (this.byId.has(Number(correction.id))) return 'an id was given twice';
      this.byId.set(Number(correction.id), { digest: digestOf(jobId, correction), sentAt, answeredAt });
    }
    const values = corrections.map(({ new_value }) => new_value);
    return sent && !isDeepStrictEqual(values, sent) ? 'other values than were sent' : undefined;
  }

  /** Returns the differences between the trail and the acknowledgements; empty if there are none. */
  async compareWithTrail(pool: pg.Pool): Promise<string[]> {
    const { rows } = await pool.query<Correction & { job_id: string }>(
      `select id, job_id, ${FIELDS.join(', ')} from job_corrections
       where starts_with(corrected_by, $1) order by job_id, corrected_at, id`,
      [REVIEWER],
    );
    const flaws: string[] = [];
    const missing = new Set(this.byId.keys());
    const latestSent = new Map<string, number>();
    for (const row of rows) {
      const acknowledged = this.byId.get(Number(row.id));
      const latest = latestSent.get(row.job_id) ?? 0;
      missing.delete(Number(row.id));
      if (!acknowledged) flaws.push(`${row.id} was not acknowledged`);
      else if (digestOf(row.job_id, row) !== acknowledged.digest) flaws.push(`${row.id} differs`);
      // A correction that was answered before another was sent must come before it.
      else if (acknowledged.answeredAt < latest) flaws.push(`${row.id} is out of order`);
      latestSent.set(row.job_id, Math.max(latest, acknowledged?.sentAt ?? 0));
    }
    return [...flaws, ...[...missing].map((id) => `${id} is missing`)];
  }
}

function digestOf(jobId: string, correction: Correction): string {
  const values = FIELDS.map((field) => correction[field]);
  return hash('sha256', JSON.stringify([jobId, Number(correction.id), ...values]));
}
