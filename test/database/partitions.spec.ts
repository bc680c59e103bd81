import { readFileSync } from 'node:fs';
import path from 'node:path';
import { apiOf, kindOf } from '../setup/api.js';
import { runCommand } from '../setup/command.js';
import { BUNDLED, exportText, importBundled, importText, linesOf, readBundled } from '../setup/corpus.js';
import { type TestDatabase } from '../setup/database.js';
import { type LocalServer, startLocalServer } from '../setup/local-server.js';
import { createOwnDatabase } from '../setup/own-database.js';
import { INCLUDES } from '../../src/ground-truth/evidence-sql.js';

const OPERATIONS = readFileSync(path.resolve(__dirname, '../../docs/operations.md'), 'utf8');
/** The two blocks of docs/operations.md that an operator runs. */
const recipe = () =>
  ['Partitions', 'Unique external ids'].map(
    (name) => new RegExp(`\`\`\`sql\\n-- ${name}\\n([^]*?)\`\`\``).exec(OPERATIONS)![1]!,
  );

describe('a table of jobs that its operator has partitioned', () => {
  let database: TestDatabase;
  let server: LocalServer;
  const call = apiOf(() => server);
  const whole = () => exportText(database.dataSource, { include: new Set(INCLUDES) });
  const run = async (...args: string[]) => runCommand(args, { env: { DATABASE_URL: database.url } });

  /** Foreign keys that lead to jobs, and triggers and ordinary indexes of them. */
  const around = async () => {
    const found = await database.query<{ name: string }>(`
      select conname::text as name from pg_constraint where confrelid = 'jobs'::regclass and conparentid = 0
      union all select tgname from pg_trigger where tgrelid = 'jobs'::regclass and not tgisinternal
      union all select relname from pg_index join pg_class on pg_class.oid = indexrelid
      where indrelid = 'jobs'::regclass and not indisprimary`);
    return found.map(({ name }) => name).sort();
  };
  let before: string[];

  beforeAll(async () => {
    database = await createOwnDatabase();
    before = await around();
    await importBundled(database.dataSource);
    await database.query('create role ground_truth_reader; grant select on jobs to ground_truth_reader');
    await database.query(`begin; ${recipe().join('')} commit; analyze jobs`);
    server = await startLocalServer({ DATABASE_URL: database.url });
  });
  afterAll(async () => {
    await server.stop();
    await database.drop();
  });

  it('keeps its rows, indexes, triggers, foreign keys and rights', async () => {
    expect(await whole()).toBe(await readBundled());
    const [parts] = await database.query<{ count: string }>(
      `select count(*) from pg_inherits where inhparent = 'jobs'::regclass`,
    );
    expect(parts).toEqual({ count: '16' });
    expect(await around()).toEqual([...before, 'jobs_free_external_id', 'jobs_take_external_id'].sort());
    expect(
      await database.query(`select has_table_privilege('ground_truth_reader', 'jobs', 'select') as may`),
    ).toEqual([{ may: true }]);
    expect(await run('verify')).toMatchObject({ code: 0 });
    expect(await run('migrate')).toMatchObject({ code: 0 });
  });

  it('gives an export in order from its indexes', async () => {
    const plan = await database.dataSource.transaction(async (manager) => {
      await manager.query('set local enable_sort = off');
      return manager.query<unknown>('explain select id from jobs order by created_at, id');
    });
    expect(JSON.stringify(plan)).toContain('Merge Append');
  });

  it('takes in, reviews and erases', async () => {
    const create = (members: object) =>
      call('POST', '/jobs', {
        body: JSON.stringify({ filename: 'a', source_kind: 'pdf', result: { a: 1 }, ...members }),
      });
    const created = await create({ external_id: 'scan-1' });
    expect(created.status).toBe(201);
    const id = String(created.json.job_id);
    expect((await create({ external_id: 'scan-1' })).json).toMatchObject({ job_id: id });
    const differing = await create({ external_id: 'scan-1', result: { a: 2 } });
    expect(kindOf(differing)).toBe('job-exists');
    expect(kindOf(await create({ job_id: id, external_id: 'scan-2' }))).toBe('job-exists');
    expect((await create({ external_id: 'scan-2' })).status).toBe(201);

    const correction = '{"field_path":"a","new_value":2,"reason":null}';
    expect((await call('POST', `/jobs/${id}/corrections`, { body: correction })).status).toBe(201);
    expect((await call('PUT', `/jobs/${id}/approval`)).status).toBe(200);
    expect((await call('GET', '/jobs?external_id=scan-1')).json).toMatchObject({ jobs: [{ job_id: id }] });
    const feed = linesOf((await call('GET', '/ground-truth/changes?approved_only=false')).text);
    expect(feed.some((line) => line.startsWith(`{"op":"upsert","job_id":"${id}"`))).toBe(true);

    expect(await run('erase', id)).toMatchObject({ code: 0 });
    expect(await database.query(`select from job_corrections where job_id = '${id}'`)).toEqual([]);
    expect((await create({ external_id: 'scan-1' })).status).toBe(201);
  });

  it('imports in one transaction or many, and replaces', async () => {
    await database.clear();
    const corpus = path.join(BUNDLED, 'surat-perintah.jsonl');
    const go = ['import', corpus, '--sources', path.join(BUNDLED, 'contents')];
    expect(await run(...go)).toMatchObject({ code: 0 });
    expect(await run(...go, '--on-conflict', 'replace', '--commit-every', '100')).toMatchObject({ code: 0 });
    expect(await whole()).toBe(await readBundled());
    const output = '{"external_id":"scan-1","filename":"a","source_kind":"pdf","result":1}\n';
    await importText(database.dataSource, output);
    await expect(importText(database.dataSource, output)).rejects.toThrow('1 error');
    await expect(importText(database.dataSource, output, { onConflict: 'skip' })).resolves.toMatchObject({
      inserted: 0,
      skipped: 1,
    });
  });
});
