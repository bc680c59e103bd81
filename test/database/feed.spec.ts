/** Random writers in open transactions, and a reader that crashes, against what an export says. */
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { Random } from '../../samples/random.js';
import { Env } from '../../src/platform/config/env.js';
import { findFeedLag } from '../../src/platform/database/feed-lag.js';
import { GroundTruthDataSource } from '../../src/platform/database/ground-truth-data-source.js';
import { Threads } from '../../src/platform/threads.js';
import { orderOf } from '../../src/corpus-files/sample-line.js';
import { type FeedQuery } from '../../src/ground-truth/feed-query.js';
import { FeedService } from '../../src/ground-truth/feed.service.js';
import { ReplayService } from '../../src/replay/replay.service.js';
import { exportText, importText, linesOf, sampleLine } from '../setup/corpus.js';
import { type TestDatabase } from '../setup/database.js';
import { createOwnDatabase } from '../setup/own-database.js';

const SEEDS = Number(process.env.FEED_SEEDS ?? 40);
const STEPS = 40;
const WRITERS = 3;

let database: TestDatabase;
let writers: Client[];

beforeAll(async () => {
  database = await createOwnDatabase();
  writers = Array.from({ length: WRITERS }, () => new Client({ connectionString: database.url }));
  for (const writer of writers) await writer.connect();
});
afterAll(async () => {
  for (const writer of writers) await writer.end();
  await database.drop();
});
beforeEach(async () => {
  for (const writer of writers) await writer.query('rollback');
  await database.clear();
  await database.query('truncate job_changes');
});

const feedOf = (dataSource: GroundTruthDataSource) =>
  new FeedService(dataSource, new ReplayService(), new Threads());

async function answerOf(service: FeedService, query: FeedQuery): Promise<string[]> {
  const feed = await service.open(query);
  try {
    const blocks: Buffer[] = [];
    for await (const block of feed) blocks.push(block);
    return linesOf(Buffer.concat(blocks).toString());
  } finally {
    feed.close();
  }
}

interface End {
  readonly cursor: string;
  readonly more: boolean;
  readonly waiting: number | null;
}

/** Keeps a copy of the corpus, as lines by job. */
class Reader {
  readonly store = new Map<string, string>();
  private cursor: string | undefined;

  constructor(
    private readonly service: FeedService,
    private readonly filter: FeedQuery,
  ) {}

  /** @param crashAfter lines that are applied; then the next cursor is not kept */
  async read(limit: number, crashAfter = Infinity): Promise<End | undefined> {
    const query = { ...this.filter, limit, ...(this.cursor !== undefined && { cursor: this.cursor }) };
    const lines = await answerOf(this.service, query);
    const end = JSON.parse(lines.pop()!) as End & { op: string };
    expect(end.op).toBe('cursor');
    for (const line of lines.slice(0, crashAfter)) this.apply(line);
    if (crashAfter < Infinity) return undefined;
    this.cursor = end.cursor;
    return end;
  }

  get corpus(): string {
    const keyed = [...this.store.values()].map((line) => {
      const bytes = Buffer.from(line);
      return [orderOf(bytes, 0, bytes.length)!, line] as const;
    });
    return keyed
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, line]) => `${line}\n`)
      .join('');
  }

  private apply(line: string): void {
    const [, id, sample] = /^\{"op":"upsert","job_id":"([^"]{36})","sample":(\{.*\})\}$/.exec(line) ?? [];
    if (id !== undefined) this.store.set(id, sample!);
    else {
      const { op, job_id, reason } = JSON.parse(line) as Record<string, string>;
      expect([op, ['erased', 'filtered'].includes(reason!)]).toEqual(['remove', true]);
      this.store.delete(job_id!);
    }
  }
}

const ERASURE = 'delete from jobs where id = $1';

/** Writers, each perhaps in an open transaction; a job is changed by one of them at a time. */
class Writing {
  private readonly open = new Set<Client>();
  private readonly lockedBy = new Map<string, Client>();
  /** In transactions that are open. */
  private readonly erased = new Set<string>();
  private jobs: string[] = [];

  constructor(private readonly random: Random) {}

  async step(): Promise<void> {
    const writer = this.random.pick(writers);
    if (!this.open.has(writer)) {
      if (this.open.size === 0 && this.random.chance(0.15)) return this.replaceByImport();
      await writer.query('begin');
      this.open.add(writer);
      // Its place in the order of transactions may be fixed long before it changes something.
      if (this.random.chance(0.5)) await writer.query('select pg_current_xact_id()');
      return undefined;
    }
    if (this.random.chance(0.35)) return this.end(writer);
    return this.change(writer);
  }

  async endAll(): Promise<void> {
    for (const writer of [...this.open]) await this.end(writer);
  }

  private async end(writer: Client): Promise<void> {
    await writer.query(this.random.chance(0.8) ? 'commit' : 'rollback');
    this.open.delete(writer);
    for (const [job, owner] of this.lockedBy)
      if (owner === writer) {
        this.lockedBy.delete(job);
        this.erased.delete(job);
      }
    const { rows } = await writer.query<{ id: string }>('select id from jobs order by id');
    this.jobs = rows.map(({ id }) => id);
  }

  private async change(writer: Client): Promise<void> {
    const free = this.jobs.filter(
      (job) => (this.lockedBy.get(job) ?? writer) === writer && !this.erased.has(job),
    );
    const id = free.length === 0 || this.random.chance(0.3) ? randomUUID() : this.random.pick(free);
    this.lockedBy.set(id, writer);
    if (!free.includes(id)) {
      await writer.query(
        `insert into jobs (id, filename, source_kind, result, approved, created_at)
         values ($1, 'f', 'pdf', '{"a":0}', $2, timestamptz '2025-01-01Z' + $3 * interval '1 second')`,
        [id, this.random.chance(0.7), this.random.below(5)],
      );
      return;
    }
    const correction = `insert into job_corrections (job_id, field_path, old_value, new_value, corrected_by)
      select id, 'a', result -> 'a', ((result ->> 'a')::int + 1)::text::json, 'r' from jobs where id = $1`;
    const changes = [
      [
        correction,
        `update jobs set result = json_build_object('a', (result ->> 'a')::int + 1) where id = $1`,
      ],
      [`update jobs set approved = not approved, reviewed_by = 'r', reviewed_at = now() where id = $1`],
      [`update jobs set review_flags = array_append(review_flags, 'x') where id = $1`],
      [
        `insert into job_events (job_id, event, reviewed_by, reviewed_at) values ($1, 'approved', 'r', now())`,
      ],
      [
        `insert into job_sources (job_id, ordinal, kind, uri) select $1, count(*), 'a', 'b' from job_sources where job_id = $1`,
      ],
      [ERASURE],
    ];
    const statements = this.random.pick(changes);
    for (const statement of statements) await writer.query(statement, [id]);
    if (statements.includes(ERASURE)) this.erased.add(id);
  }

  /** With old times. */
  private async replaceByImport(): Promise<void> {
    const count = this.random.between(1, 3);
    const line = (n: number) =>
      sampleLine({
        job_id: this.jobs[n] ?? randomUUID(),
        approved: this.random.chance(0.7),
        created_at: '2024-01-01T00:00:00Z',
        initial_result: { a: 0 },
        final_result: { a: 0 },
      });
    const lines = Array.from({ length: count }, (_, n) => line(n)).join('');
    await importText(database.dataSource, lines, { onConflict: 'replace' });
    const rows = await database.query<{ id: string }>('select id from jobs order by id');
    this.jobs = rows.map(({ id }) => id);
  }
}

/** @returns whether the reader's copy was, whenever it should be, what an export has */
async function isKept(service: FeedService, seed: number): Promise<boolean> {
  const random = new Random(seed);
  const filter: FeedQuery = {
    approved_only: random.chance(0.5),
    ...(random.chance(0.3) && { has_corrections: random.chance(0.5) }),
    ...(random.chance(0.5) && { include: new Set(['sources', 'history'] as const) }),
  };
  const reader = new Reader(service, filter);
  const writing = new Writing(random);
  const isCopy = async () => reader.corpus === (await exportText(database.dataSource, filter));
  for (let step = 0; step < STEPS; step++) {
    if (random.chance(0.7)) await writing.step();
    else {
      const end = await reader.read(random.between(1, 6), random.chance(0.2) ? random.below(4) : Infinity);
      if (end && !end.more && end.waiting === null && !(await isCopy())) return false;
    }
  }
  await writing.endAll();
  for (let end: End | undefined; end?.more !== false || end.waiting !== null;)
    end = await reader.read(random.between(1, 6));
  return isCopy();
}

describe('the feed', () => {
  it('leads to what an export has, whatever the order in which transactions begin, change and end', async () => {
    const service = feedOf(database.dataSource);
    const failed: number[] = [];
    for (let seed = 1; seed <= SEEDS; seed++) {
      if (!(await isKept(service, seed))) failed.push(seed);
      await database.clear();
      await database.query('truncate job_changes');
    }
    expect(failed).toEqual([]);
  });

  it('would not, if it took changes as they come, without waiting for open transactions', async () => {
    await database.query(`
      create schema mutant;
      create function mutant.pg_snapshot_xmin(pg_snapshot) returns xid8 language sql
        return pg_catalog.pg_snapshot_xmax($1)`);
    const url = new URL(database.url);
    url.searchParams.set('options', '-c search_path=mutant,pg_catalog,public');
    const mutated = new GroundTruthDataSource(Env.read({ DATABASE_URL: url.href }));
    await mutated.initialize();
    let hasFailed = false;
    for (let seed = 1; seed <= SEEDS && !hasFailed; seed++) {
      hasFailed = !(await isKept(feedOf(mutated), seed));
      await database.clear();
      await database.query('truncate job_changes');
    }
    await mutated.destroy();
    expect(hasFailed).toBe(true);
  });

  it('says how long an open transaction holds changes back, and gives them once it has ended', async () => {
    const service = feedOf(database.dataSource);
    const [open, other] = writers as [Client, Client];
    const insert = `insert into jobs (filename, source_kind) values ('f', 'pdf')`;
    await open.query('begin');
    await open.query('select pg_current_xact_id()');
    await other.query(insert);
    const query: FeedQuery = { approved_only: false };
    const [end, ...none] = (await answerOf(service, query)).map((line) => JSON.parse(line) as End);
    expect([none, end!.more]).toEqual([[], false]);
    expect(end!.waiting).toBeGreaterThanOrEqual(0);
    expect(await findFeedLag(database.dataSource)).toEqual({
      waiting: expect.any(Number) as number,
      held_by: expect.stringMatching(/^a transaction of the database postgres, open since \S+Z$/) as string,
    });
    await open.query('rollback');
    expect(await answerOf(service, { ...query, cursor: end!.cursor })).toHaveLength(2);
    expect(await findFeedLag(database.dataSource)).toBeUndefined();
  });

  it('is not read on with a cursor that means nothing here, or something else', async () => {
    const service = feedOf(database.dataSource);
    const query: FeedQuery = { approved_only: false };
    await database.query(`insert into jobs (filename, source_kind) values ('f', 'pdf')`);
    const [, end] = (await answerOf(service, query)).map((line) => JSON.parse(line) as End);
    const { cursor } = end!;
    await expect(service.open({ approved_only: true, cursor })).rejects.toMatchObject({
      kind: 'invalid-parameters',
    });
    await expect(service.open({ ...query, cursor: 'x' })).rejects.toMatchObject({
      kind: 'invalid-parameters',
    });
    const parts = Buffer.from(cursor, 'base64url').toString().split(' ');
    const beyond = Buffer.from(parts.with(3, '9999999999999').join(' ')).toString('base64url');
    await expect(service.open({ ...query, cursor: beyond })).rejects.toMatchObject({
      kind: 'cursor-expired',
    });
    await service.reset();
    await expect(service.open({ ...query, cursor })).rejects.toMatchObject({ kind: 'cursor-expired' });
    expect(await answerOf(service, query)).toHaveLength(2);
    // As after a restore into a cluster whose transactions begin anew.
    await database.query(`update job_changes set xid = '9999999999999'`);
    await expect(service.open(query)).rejects.toThrow('run: ground-truth changes --reset');
    await service.reset();
    expect(await answerOf(service, query)).toHaveLength(2);
  });

  it('has one change a job, of whatever belongs to it, also if it was made by hand', async () => {
    const service = feedOf(database.dataSource);
    const query: FeedQuery = { approved_only: false };
    const [job] = await database.query<{ id: string }>(
      `insert into jobs (filename, source_kind, result) values ('f', 'pdf', '{"a":1}') returning id`,
    );
    let cursor = '';
    const next = async () => {
      const lines = await answerOf(service, { ...query, ...(cursor && { cursor }) });
      ({ cursor } = JSON.parse(lines.pop()!) as End);
      return lines.map((line) => (JSON.parse(line) as { op: string; reason?: string }).reason ?? 'upsert');
    };
    expect(await next()).toEqual(['upsert']);
    expect(await next()).toEqual([]);
    for (const statement of [
      `update jobs set review_flags = '{a}' where id = $1`,
      `insert into job_corrections (job_id, field_path, old_value, new_value, corrected_by, corrected_at) values ($1, 'a', '0', '1', 'r', '2020-01-01Z')`,
      `insert into job_events (job_id, event, reviewed_by, reviewed_at) values ($1, 'reopened', 'r', now())`,
      `insert into job_evidence (job_id, fields) values ($1, '{}')`,
      `update job_evidence set fields = '{}' where job_id = $1`,
      `insert into job_sources (job_id, ordinal, kind, uri) values ($1, 0, 'a', 'b')`,
    ]) {
      await database.query(statement, [job!.id]);
      expect(await next()).toEqual(['upsert']);
    }
    await database.query('delete from jobs where id = $1', [job!.id]);
    expect(await next()).toEqual(['erased']);
  });
});
