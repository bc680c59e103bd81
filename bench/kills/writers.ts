import { text } from 'node:stream/consumers';
import { type Random } from '../../samples/random.js';
import { ask, type Server } from '../program.js';

/** What is known of a write: `unanswered` may have happened, as a whole. */
type Outcome = 'unanswered' | 'acknowledged' | 'refused';

/** A write is found again by its tag: the name of its jobs, the reason of its corrections, or the reviewer of its approval. */
interface Write {
  readonly tag: string;
  /** How many rows it makes. */
  readonly size: number;
  outcome: Outcome;
}

/** How many writes are wrong, by what is wrong with them. */
export interface Flaws {
  /** Acknowledged, and nothing of it is there. */
  lost: number;
  doubled: number;
  /** Only a part of it is there. */
  torn: number;
  /** Refused by an answer, and there. */
  unwanted: number;
}

/** Every write that was sent. */
export class Writes {
  private readonly all: Write[] = [];

  begin(size: number): Write {
    const write: Write = { tag: `write-${this.all.length}`, size, outcome: 'unanswered' };
    this.all.push(write);
    return write;
  }

  count(outcome: Outcome): number {
    return this.all.filter((write) => write.outcome === outcome).length;
  }

  /** Returns a function that judges what the database had after this moment. */
  expect(): (rows: ReadonlyMap<string, number>) => Flaws {
    const expected = this.all.map((write) => ({ ...write }));
    return (rows) => {
      const flaws: Flaws = { lost: 0, doubled: 0, torn: 0, unwanted: 0 };
      for (const { tag, size, outcome } of expected) {
        const found = rows.get(tag) ?? 0;
        if (found > size) flaws.doubled++;
        else if (found > 0 && found < size) flaws.torn++;
        else if (found === 0 && outcome === 'acknowledged') flaws.lost++;
        else if (found > 0 && outcome === 'refused') flaws.unwanted++;
      }
      return flaws;
    };
  }
}

/** The rows of each write. */
export const ROWS_BY_TAG = `
  select tag, count(*)::int as count from (
    select filename as tag from jobs
    union all select reason from job_corrections
    union all select reviewed_by from job_events
  ) as rows group by tag`;

interface Job {
  readonly id: string;
  isApproved: boolean;
}

const MAX_BATCH = 20;
/** A client that has more jobs forgets the oldest. */
const MAX_JOBS = 50;
/** Nothing takes that long, unless it hangs. */
const TIMEOUT_MS = 60_000;

/** Writes one thing after the other to jobs that no other client changes. */
export class Writer {
  private readonly jobs: Job[] = [];

  private server: Server | undefined;

  constructor(
    private readonly writes: Writes,
    private readonly random: Random,
  ) {}

  /** @throws Error if there was no answer; Refusal for one that no kill explains */
  async writeOnce(server: Server): Promise<void> {
    this.server = server;
    const job = this.jobs.length === 0 ? undefined : this.random.pick(this.jobs);
    const action = this.random.weighted([
      { weight: 2, run: () => this.postJobs(1) },
      { weight: 1, run: () => this.postJobs(this.random.between(2, MAX_BATCH)) },
      { weight: job && !job.isApproved ? 8 : 0, run: () => this.correct(job!) },
      { weight: job ? 2 : 0, run: () => this.decide(job!) },
    ]);
    await action.run();
  }

  private async postJobs(count: number): Promise<void> {
    const write = this.writes.begin(count);
    const ids = Array.from({ length: count }, () => this.newId());
    const lines = ids.map((job_id) =>
      JSON.stringify({ job_id, filename: write.tag, source_kind: 'pdf', result: { a: 0, b: 0, rows: [0] } }),
    );
    if (count === 1) await this.send(write, 'POST', '/jobs', lines[0]);
    else await this.send(write, 'POST', '/jobs/batch', `${lines.join('\n')}\n`, 'application/x-ndjson');
    if (write.outcome !== 'acknowledged') return;
    this.jobs.push(...ids.map((id) => ({ id, isApproved: false })));
    this.jobs.splice(0, this.jobs.length - MAX_JOBS);
  }

  private async correct({ id }: Job): Promise<void> {
    const fields = this.random.chance(0.5) ? ['a'] : ['a', 'b', 'rows[0]'];
    const write = this.writes.begin(fields.length);
    const corrections = fields.map((field_path) => ({ field_path, new_value: write.tag, reason: write.tag }));
    await this.send(write, 'POST', `/jobs/${id}/corrections`, JSON.stringify({ corrections }));
  }

  /** Approves a job, or reopens an approved one. */
  private async decide(job: Job): Promise<void> {
    const write = this.writes.begin(1);
    try {
      await this.send(write, job.isApproved ? 'DELETE' : 'PUT', `/jobs/${job.id}/approval`);
    } finally {
      // Without an answer it is not known whether the job is approved.
      if (write.outcome === 'acknowledged') job.isApproved = !job.isApproved;
      else this.jobs.splice(this.jobs.indexOf(job), 1);
    }
  }

  private async send(write: Write, method: string, path: string, body?: string, type = 'application/json') {
    const response = await ask(this.server!, path, {
      method,
      headers: { 'x-user-id': write.tag, ...(body !== undefined && { 'content-type': type }) },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body !== undefined && { body }),
    });
    const status = response.statusCode!;
    if (status < 300) write.outcome = 'acknowledged';
    else if (status < 500) write.outcome = 'refused';
    const answer = await text(response);
    if (status === 503 || status < 300) return;
    throw new Refusal(`${method} ${path.replace(/[0-9a-f-]{36}/, '…')}: ${answer}`);
  }

  private newId(): string {
    const digits = Array.from({ length: 4 }, () => this.random.uint32().toString(16).padStart(8, '0')).join(
      '',
    );
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-7${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20)}`;
  }
}

export class Refusal extends Error {}
