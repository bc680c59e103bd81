import { type JobFilter } from '../../src/ground-truth/corpus-filter.js';
import { corpusQuery, settingsFor, verificationQuery } from '../../src/ground-truth/corpus-query.js';
import { type PoolClient } from 'pg';
import { GroundTruthRepository } from '../../src/ground-truth/ground-truth.repository.js';
import { parseTimestamp } from '../../src/platform/timestamp.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';

/** What a plan is made of, as EXPLAIN (FORMAT JSON) tells it. */
interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly PlanNode[];
}

describe('the plans of an export and of a verification', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
    await database.query(`
      insert into jobs (filename, source_kind, result, approved, created_at)
      select 'f', 'pdf', json_build_object('text', repeat('x', 1000)), n % 2 = 0, '2025-01-01Z'::timestamptz + n * interval '1 minute'
      from generate_series(1, 20000) as n;
      insert into job_corrections (job_id, field_path, old_value, new_value, corrected_by, corrected_at)
      select id, 'text', '1', '2', 'r', created_at from jobs where extract(minute from created_at) < 20;
    `);
    await database.query('vacuum analyze');
  });
  afterAll(() => database.drop());

  async function nodesOf(filter: Partial<JobFilter>, query = corpusQuery): Promise<PlanNode[]> {
    const whole = { approved_only: false, ...filter };
    const runner = database.dataSource.createQueryRunner();
    try {
      await runner.startTransaction();
      await runner.query(settingsFor(whole));
      const [row] = (await runner.query(`explain (format json) ${query(whole)}`)) as {
        'QUERY PLAN': string | [{ Plan: PlanNode }];
      }[];
      const plan = row!['QUERY PLAN'];
      const [{ Plan }] = typeof plan === 'string' ? (JSON.parse(plan) as [{ Plan: PlanNode }]) : plan;
      return flatten(Plan);
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  }

  function flatten(node: PlanNode): PlanNode[] {
    return [node, ...(node.Plans ?? []).flatMap(flatten)];
  }

  /** The settings of the planner on the snapshot's own connection, before an export and after it. */
  async function settingsAround(filter: Partial<JobFilter>): Promise<{ before: unknown; after: unknown }> {
    const take = jest.spyOn(database.dataSource, 'takeClient');
    const snapshot = await new GroundTruthRepository(database.dataSource).openSnapshot();
    const client = await (take.mock.results[0]!.value as Promise<PoolClient>);
    const read = async () =>
      (
        await client.query(
          `select name, setting from pg_settings where name ~ '^(enable_|jit|max_parallel)|extra_float' order by name`,
        )
      ).rows as unknown;
    try {
      const before = await read();
      let samples = 0;
      const rows = snapshot.streamJobs({ approved_only: false, ...filter }, () => ++samples % 2 === 0);
      for await (const _ of rows);
      expect(samples).toBeGreaterThan(0);
      return { before, after: await read() };
    } finally {
      snapshot.close();
      take.mockRestore();
    }
  }

  it.each<[string, Partial<JobFilter>]>([
    ['without a window', {}],
    ['with a window', { since: parseTimestamp('2025-01-01') }],
  ])('leaves the settings of an export %s to no statement after it', async (_, filter) => {
    const { before, after } = await settingsAround(filter);
    expect(after).toEqual(before);
  });

  it.each<[string, Partial<JobFilter>, string]>([
    ['no filter', {}, 'jobs_created_at_id'],
    ['approved_only', { approved_only: true }, 'jobs_approved_created_at_id'],
    ['has_corrections=true', { has_corrections: true }, 'jobs_created_at_id'],
    ['has_corrections=false', { has_corrections: false }, 'jobs_created_at_id'],
    ['limit', { limit: 10 }, 'jobs_created_at_id'],
    [
      'all but a window',
      { approved_only: true, has_corrections: true, limit: 10 },
      'jobs_approved_created_at_id',
    ],
    ['an id', { id: '0197a1b2-0000-7000-8000-000000000001' }, 'jobs_pkey'],
  ])('with %s take the jobs from the index that has their order, and sort none', async (_, filter, index) => {
    const nodes = await nodesOf(filter);
    expect(
      nodes.filter((node) => node['Relation Name'] === 'jobs').map((node) => node['Index Name']),
    ).toEqual([index]);
    expect(nodes.some((node) => node['Node Type'] === 'Seq Scan')).toBe(false);
  });

  it('read nothing of evidence unless it is asked for', async () => {
    const relations = async (filter: Partial<JobFilter>) =>
      new Set((await nodesOf(filter)).flatMap((node) => node['Relation Name'] ?? []));
    expect(await relations({})).toEqual(new Set(['jobs', 'job_corrections']));
    expect(await relations({ approved_only: true, limit: 10 })).toEqual(new Set(['jobs', 'job_corrections']));
    expect(await relations({ include: new Set(['producer'] as const) })).toEqual(
      new Set(['jobs', 'job_corrections', 'producers', 'job_evidence']),
    );
  });

  it('are the same for a verification', async () => {
    const [verification, corpus] = [await nodesOf({}, verificationQuery), await nodesOf({})];
    const shape = (nodes: PlanNode[]) => nodes.map((node) => [node['Node Type'], node['Index Name']]);
    expect(shape(verification)).toEqual(shape(corpus));
  });

  it.each<[string, Partial<JobFilter>]>([
    ['a narrow window', {}],
    ['a narrow window and approved_only', { approved_only: true }],
    ['a narrow window and has_corrections=true', { has_corrections: true }],
  ])('with %s find the keys by the last change, sort them, and look up each document', async (_, filter) => {
    const window = { since: parseTimestamp('2025-01-05'), until: parseTimestamp('2025-01-05T03:00:00Z') };
    const nodes = await nodesOf({ ...filter, ...window });
    const jobs = nodes.filter(
      (node) => node['Relation Name'] === 'jobs' || node['Index Name'] === 'jobs_updated_at',
    );
    expect(jobs.some((node) => node['Index Name'] === 'jobs_updated_at')).toBe(true);
    expect(jobs.some((node) => node['Index Name'] === 'jobs_pkey')).toBe(true);
    // The documents come after the sort: nothing is sorted above the join.
    expect(nodes[0]!['Node Type']).toBe('Nested Loop');
  });
});
