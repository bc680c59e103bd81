import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type pg from 'pg';
import { type Random } from '../../samples/random.js';
import { type Scope } from '../../src/platform/access/key.js';
import { type BenchDatabase } from '../database.js';
import { secondsSince } from '../measurement.js';
import { type Server } from '../program.js';

/** What all clients share. */
export interface Load {
  readonly database: BenchDatabase;
  readonly server: Server;
  readonly keys: Readonly<Record<Scope, string>>;
  /** Apart from the server's connections. */
  readonly pool: pg.Pool;
  readonly checks: Checks;
  readonly corrections: AcknowledgedCorrections;
  /** Those that exist. */
  readonly jobs: string[];
  /** How many were ever sent, those that exist included. */
  sentJobs: number;
  /** When the oldest job came in, in milliseconds since 1970. */
  readonly begin: number;
  /** Up to when so many exports are open on purpose that others may be refused, by `performance.now()`. */
  crowdedUntil: number;
}

export interface Client {
  readonly load: Load;
  readonly random: Random;
  readonly name: string;
  /** Jobs that no other client changes, so that each answer is known beforehand. */
  readonly ownJobs: readonly string[];
}

/** An answer other than the expected one. It has been counted already. */
export class Unexpected extends Error {}

/** Counts what happens, by kind. Holds nothing of a document. */
export class Checks {
  /** Seconds of the expected answers, how many of them were provoked refusals and breaks, and how many answers were not expected. */
  readonly kinds = new Map<string, { readonly seconds: number[]; provoked: number; unprovoked: number }>();
  /** What was wrong, how often, and the first few examples. */
  readonly faults = new Map<string, { count: number; examples: string[] }>();
  /** Of the exports that came to their end. */
  readonly digests: string[] = [];
  samples = 0;
  bytes = 0;
  /** Exports whose connection to the database was cut. */
  cuts = 0;

  /** @param start what `performance.now()` gave when it was asked for */
  expected(kind: string, start: number, isProvoked = false): void {
    const count = this.of(kind);
    count.seconds.push(secondsSince(start));
    if (isProvoked) count.provoked++;
  }

  fault(kind: string, what: string, example = ''): Unexpected {
    this.of(kind).unprovoked++;
    const name = `${kind}: ${what}`;
    const fault = this.faults.get(name) ?? { count: 0, examples: [] };
    this.faults.set(name, fault);
    fault.count++;
    if (example !== '' && fault.examples.length < 5) fault.examples.push(example);
    return new Unexpected(name);
  }

  /** Counts what was thrown, unless it is counted. */
  failed(kind: string, error: unknown): Unexpected {
    return error instanceof Unexpected ? error : this.fault(kind, 'failed', String(error));
  }

  private of(kind: string) {
    const count = this.kinds.get(kind) ?? { seconds: [], provoked: 0, unprovoked: 0 };
    this.kinds.set(kind, count);
    return count;
  }
}

const FIELDS = ['field_path', 'op', 'old_value', 'new_value', 'corrected_by', 'reason'] as const;

type Correction = Readonly<Record<(typeof FIELDS)[number], unknown> & { id: string | number }>;

/** The clients' names begin with it, so that the trail tells their corrections from those that were imported. */
export const REVIEWER = 'soak-';

/** Every correction that was acknowledged, to compare the trail with. */
export class AcknowledgedCorrections {
  private readonly byId = new Map<number, { digest: string; sentAt: number; answeredAt: number }>();

  get size(): number {
    return this.byId.size;
  }

  /**
   * @param sent the new values, where they are known
   * @returns what is wrong with the acknowledgement, if anything is
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

  /** What differs between the trail and the acknowledgements, counted; empty where nothing does. */
  async compareWithTrail(pool: pg.Pool): Promise<Map<string, number>> {
    const flaws = new Map<string, number>();
    const flaw = (what: string) => flaws.set(what, (flaws.get(what) ?? 0) + 1);
    const { rows } = await pool.query<Correction & { job_id: string }>(
      `select id, job_id, ${FIELDS.join(', ')} from job_corrections
       where starts_with(corrected_by, $1) order by job_id, corrected_at, id`,
      [REVIEWER],
    );
    const missing = new Set(this.byId.keys());
    let job = '';
    let latestSent = 0;
    for (const row of rows) {
      if (row.job_id !== job) latestSent = 0;
      job = row.job_id;
      missing.delete(Number(row.id));
      const acknowledged = this.byId.get(Number(row.id));
      if (!acknowledged) flaw('recorded, and not acknowledged');
      else if (digestOf(job, row) !== acknowledged.digest) flaw('recorded as something else');
      // One that was answered before another was sent comes before it.
      else if (acknowledged.answeredAt < latestSent) flaw('recorded out of order');
      latestSent = Math.max(latestSent, acknowledged?.sentAt ?? 0);
    }
    for (const _ of missing) flaw('acknowledged, and not recorded');
    return flaws;
  }
}

function digestOf(jobId: string, correction: Correction): string {
  const values = FIELDS.map((field) => correction[field]);
  return hash('sha256', JSON.stringify([jobId, Number(correction.id), ...values]));
}
