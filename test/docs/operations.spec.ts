import { readFileSync } from 'node:fs';
import path from 'node:path';
import { SCOPES } from '../../src/platform/access/key.js';
import { Env } from '../../src/platform/config/env.js';
import { namesOf } from '../../src/platform/parameters/read-dto.js';
import { runCommand } from '../setup/command.js';
import { sampleLine } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { bearer, createKey } from '../setup/keys.js';
import { startLocalServer } from '../setup/local-server.js';

const OPERATIONS = readFileSync(path.resolve(__dirname, '../../docs/operations.md'), 'utf8');

const section = (heading: string): string =>
  OPERATIONS.slice(OPERATIONS.indexOf(`\n## ${heading}\n`) + 1).split(/\n## /)[0] ?? '';

/** The cells, without their backticks, of the rows that begin with a name. */
const rowsOf = (heading: string): string[][] =>
  [...section(heading).matchAll(/^\| (`[^`]+` \|.*) \|$/gm)].map(([, row]) =>
    row!.split(' |').map((cell) => cell.replaceAll('`', '').trim()),
  );

/** The blocks of SQL, and those in lists, below a heading. */
const sqlOf = (heading: string): string[] => {
  const below = OPERATIONS.slice(OPERATIONS.search(new RegExp(`^##+ ${heading}$`, 'm')) + 1).split(
    /\n##+ /,
  )[0]!;
  return [...below.matchAll(/^( *)```sql\n([\s\S]*?)\n\1```$/gm)].map(([, , sql]) => `${sql!}\n`);
};

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('docs/operations.md', () => {
  it('explains every variable of the environment, with its default, and no other', () => {
    const defaults = new Env() as unknown as Record<string, string | number | boolean | undefined>;
    expect(rowsOf('Environment').map(([name, value]) => [name, value])).toEqual(
      namesOf(Env).map((name) => [name, String(defaults[name] ?? 'none')]),
    );
  });

  it('explains every metric of our own, with its labels, and no other; and every scope', async () => {
    const server = await startLocalServer({ DATABASE_URL: database.url, GROUND_TRUTH_AUTH: 'none' });
    await (await fetch(`${server.url}/api/v1/ground-truth/export`)).text();
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    await server.stop();
    const listed = rowsOf('Watching').filter(([name]) => name!.startsWith('ground_truth_'));
    const named = [...metrics.matchAll(/^# TYPE (ground_truth_\w+) /gm)].map(([, name]) => name);
    expect(listed.map(([name]) => name).sort()).toEqual(named.sort());
    for (const [name, labels] of listed) {
      const [, found = ''] = new RegExp(`^${name!}(?:_count)?(?:\\{(.*)\\})? `, 'm').exec(metrics) ?? [];
      expect([name, labels]).toEqual([name, found.replace(/="[^"]*"/g, '').replaceAll(',', ', ')]);
    }
    expect(rowsOf('Access').map(([scope]) => scope)).toEqual(expect.arrayContaining([...SCOPES]));
  });

  it('shows what contents take', async () => {
    const queries = sqlOf('Contents of sources').flatMap((sql) =>
      sql.split(/;\n/).filter((one) => one.trim()),
    );
    expect(queries).toHaveLength(3);
    for (const query of queries) await expect(database.query(query)).resolves.toBeDefined();
  });

  it('rewrites after an erasure every table that may hold text of a job', async () => {
    const [rewrite] = sqlOf('Erasing a document');
    const named = [...rewrite!.matchAll(/'\{(.*)\}'|vacuum \(full, analyze\)\s+([^;]*);/g)].map(
      ([, first, second]) => (first ?? second!).split(/,\s*/).sort(),
    );
    const tables = await database.query<{ name: string }>(`
      select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
        and relname not in ('api_keys', 'access_log', 'access_log_outcomes', 'ground_truth_migrations', 'job_changes', 'feed')
      order by relname collate "C"`);
    const names = tables.map(({ name }) => name);
    expect(named).toEqual([names, names]);
  });

  it('grants roles what they need, and no more', async () => {
    const grants = sqlOf('Roles')
      .filter((sql) => /^(?:create role|grant) /.test(sql))
      .join('');
    const key = await createKey(database, 'app', 'admin');
    // Roles belong to the whole server, so these have names of their own.
    const roleOf = (name: string) => `${name}_${process.pid}`;
    await database.query(grants.replace(/ground_truth_(app|reader)/g, (name) => roleOf(name)));
    const envOf = (name: string) => {
      const url = new URL(database.url);
      url.username = roleOf(name);
      return { DATABASE_URL: url.href };
    };
    const codeOf = async (name: string, ...args: string[]) =>
      (await runCommand(args, { env: envOf(name), input: sampleLine() })).code;
    try {
      expect(await codeOf('ground_truth_app', 'import', '-')).toBe(0);
      for (const name of ['ground_truth_app', 'ground_truth_reader'])
        for (const command of ['export', 'stats', 'verify']) expect(await codeOf(name, command)).toBe(0);
      expect(await codeOf('ground_truth_reader', 'import', '-')).toBe(1);
      expect(await codeOf('ground_truth_app', 'api-key', 'create', '--name', 'x', '--scope', 'admin')).toBe(
        1,
      );
      expect(await codeOf('ground_truth_app', 'access-log')).toBe(1);
      const server = await startLocalServer({ ...envOf('ground_truth_app'), GROUND_TRUTH_AUTH: 'required' });
      const job = '/api/v1/jobs/0197a1b2-0000-7000-8000-000000000001';
      const statuses = await Promise.all(
        ['/readyz', '/api/v1/ground-truth/export', '/api/v1/ground-truth/stats', '/api/v1/jobs', job].map(
          async (path) => (await fetch(server.url + path, { headers: bearer(key) })).status,
        ),
      );
      await server.stop();
      expect(statuses).toEqual([200, 200, 200, 200, 200]);
      expect(await codeOf('ground_truth_app', 'erase', '0197a1b2-0000-7000-8000-000000000001')).toBe(0);
    } finally {
      const roles = [roleOf('ground_truth_app'), roleOf('ground_truth_reader')].join(', ');
      await database.query(`drop owned by ${roles}; drop role ${roles}`);
    }
  });
});
