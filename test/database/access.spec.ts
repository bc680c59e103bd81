import { createHash } from 'node:crypto';
import { type ExportOutcome } from '../../src/platform/access/access-log.js';
import { type ApiKey } from '../../src/platform/access/api-keys.js';
import { type DatabaseAccessLog } from '../../src/platform/access/database-access-log.js';
import { byDigest, type DatabaseApiKeys } from '../../src/platform/access/database-api-keys.js';
import { SCOPES } from '../../src/platform/access/key.js';
import { Env } from '../../src/platform/config/env.js';
import { ApiKeyRow } from '../../src/platform/database/entities/access.entity.js';
import { GroundTruthDataSource } from '../../src/platform/database/ground-truth-data-source.js';
import { migrations } from '../../src/platform/database/migrate.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { accessLogIn, keysIn } from '../setup/keys.js';

const DIGEST = 'a'.repeat(64);
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('keys', () => {
  let keys: DatabaseApiKeys;

  beforeEach(async () => {
    await database.query('delete from api_keys');
    keys = keysIn(database.dataSource);
  });

  const create = (name = 'nightly', expires_at: string | null = null) =>
    keys.create({ name, scopes: ['review', 'export', 'review'], expires_at });

  it('are returned once, and stored as their digest', async () => {
    const { secret, key } = await create();
    expect(secret).toMatch(/^gt_[A-Za-z0-9_-]{43}$/);
    expect(key).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/) as string,
      name: 'nightly',
      scopes: ['export', 'review'],
      state: 'valid',
      created_at: expect.stringMatching(TIME) as string,
      expires_at: null,
      revoked_at: null,
      last_used_at: null,
    });
    const rows = await database.query('select * from api_keys');
    expect(rows).toMatchObject([{ sha256: createHash('sha256').update(secret).digest('hex') }]);
    expect(JSON.stringify(rows)).not.toContain(secret.slice(3));
    expect((await create('other')).secret).not.toBe(secret);
  });

  it('are found by their secret, whatever their state', async () => {
    const { secret, key } = await create();
    const found = { id: key.id, name: 'nightly', scopes: ['export', 'review'] };
    expect(await keys.find(secret)).toEqual({ ...found, state: 'valid' });
    expect(await keys.stateOf(key.id)).toBe('valid');
    await keys.revoke('nightly');
    expect(await keys.find(secret)).toEqual({ ...found, state: 'revoked' });
    expect(await keys.stateOf(key.id)).toBe('revoked');
    expect(await keys.find(`gt_${'A'.repeat(43)}`)).toBeUndefined();
    expect(await keys.stateOf('00000000-0000-7000-8000-000000000000')).toBeUndefined();
  });

  it('are not looked up where the text cannot be one', async () => {
    const { secret } = await create();
    const env = Env.read({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' });
    const nowhere = keysIn(new GroundTruthDataSource(env));
    for (const text of [
      '',
      'gt_',
      secret.slice(3),
      `${secret}x`,
      ` ${secret}`,
      `${secret}\n`,
      `gt_${'ä'.repeat(43)}`,
    ])
      expect(await nowhere.find(text)).toBeUndefined();
    await expect(nowhere.find(secret)).rejects.toThrow(/ECONNREFUSED/);
  });

  it('are found through the index of the digest, with one scan', async () => {
    await database.query(
      `insert into api_keys (id, name, sha256, scopes)
       select gen_random_uuid(), 'key ' || n, encode(sha256(n::text::bytea), 'hex'), '{export}' from generate_series(1, 5000) as n`,
    );
    await database.query('vacuum analyze api_keys');
    const rows = database.dataSource.getRepository(ApiKeyRow);
    const [sql, values] = rows.createQueryBuilder().setFindOptions(byDigest(DIGEST)).getQueryAndParameters();
    const [row] = await database.query<{ 'QUERY PLAN': string }>(`explain (format json) ${sql}`, values);
    const [{ Plan }] = JSON.parse(row!['QUERY PLAN']) as [{ Plan: Record<string, unknown> }];
    expect(Plan).toMatchObject({ 'Node Type': 'Index Scan', 'Index Name': 'api_keys_sha256_is_unique' });
    expect(Plan).not.toHaveProperty('Plans');
  });

  it('expire by the clock of the database', async () => {
    const { secret, key } = await create('brief', '2999-01-01T00:00:00Z');
    expect(key.expires_at).toBe('2999-01-01T00:00:00Z');
    await database.query(`update api_keys set expires_at = now() + interval '200 milliseconds'`);
    expect(await keys.find(secret)).toMatchObject({ state: 'valid' });
    expect(await keys.hasUsable()).toBe(true);
    await database.query('select pg_sleep(0.3)');
    expect(await keys.find(secret)).toMatchObject({ state: 'expired' });
    expect(await keys.hasUsable()).toBe(false);
    expect(await keys.list()).toMatchObject([{ state: 'expired' }]);
  });

  it('record their last use at most once a minute, and only while they are valid', async () => {
    const { secret } = await create();
    await database.query(`
      create table writes (at timestamptz);
      create function note_write() returns trigger language plpgsql as 'begin insert into writes values (now()); return null; end';
      create trigger note_write after update on api_keys for each row when (old.last_used_at is distinct from new.last_used_at)
        execute function note_write();
    `);
    const find = (times: number) => Promise.all(Array.from({ length: times }, () => keys.find(secret)));
    const lastUse = async () => (await keys.list())[0]!.last_used_at;
    try {
      await find(10);
      const first = (await lastUse())!;
      expect(first).toMatch(TIME);
      await database.query(`update api_keys set last_used_at = now() - interval '61 seconds'`);
      await database.query('truncate writes');
      await find(10);
      await find(1);
      expect(await database.query('select count(*)::int as n from writes')).toEqual([{ n: 1 }]);
      expect(Date.parse((await lastUse())!)).toBeGreaterThanOrEqual(Date.parse(first));
      await database.query(`update api_keys set revoked_at = now(), last_used_at = '2025-01-01Z'`);
      await find(1);
      expect(await lastUse()).toBe('2025-01-01T00:00:00Z');
    } finally {
      await database.query(
        'drop trigger note_write on api_keys; drop function note_write; drop table writes',
      );
    }
  });

  it.each(['2999-01-01T10:15:00.000001Z', '0987-12-31T17:00:00Z', '9999-12-31T23:59:59.9Z'])(
    'keep the time %s to the microsecond, whatever the session writes times like',
    async (time) => {
      const url = new URL(database.url);
      url.searchParams.set('options', '-c TimeZone=Asia/Jakarta -c DateStyle=German');
      const local = new GroundTruthDataSource(Env.read({ DATABASE_URL: url.href }));
      try {
        const { key } = await keysIn(local).create({ name: 'a', scopes: ['export'], expires_at: time });
        expect(key.expires_at).toBe(time);
        expect(await keysIn(local).list()).toEqual(await keys.list());
        expect(await keys.list()).toMatchObject([{ expires_at: time }]);
      } finally {
        await local.destroy();
      }
    },
  );

  it('are not found by a role that may not note their use', async () => {
    const { secret } = await create();
    const role = `key_reader_${process.pid}`;
    await database.query(`create role ${role}; grant select on api_keys to ${role}`);
    const url = new URL(database.url);
    url.searchParams.set('options', `-c role=${role}`);
    const reader = new GroundTruthDataSource(Env.read({ DATABASE_URL: url.href }));
    try {
      await expect(keysIn(reader).find(secret)).rejects.toMatchObject({ code: '42501' });
    } finally {
      await reader.destroy();
      await database.query(`drop owned by ${role}; drop role ${role}`);
    }
  });

  it('have names of their own, whoever else creates one at the same time', async () => {
    const other = new GroundTruthDataSource(Env.read({ DATABASE_URL: database.url }));
    try {
      const both = [keys, keysIn(other)];
      const made = await Promise.allSettled(
        both.map((each) => each.create({ name: 'same', scopes: ['export'], expires_at: null })),
      );
      expect(made.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const refused = made.find((result) => result.status === 'rejected');
      expect(String(refused!.reason)).toMatch(
        /^AccessFault: there is a key "same" already; choose another name/,
      );
    } finally {
      await other.destroy();
    }
    await keys.revoke('same');
    await expect(create('same')).rejects.toThrow(/there is a key "same" already/);
    expect(await keys.list()).toHaveLength(1);
  });

  it('that could not be printed are not stored, and leave their names free', async () => {
    const full = () => Promise.reject(new Error('full'));
    const wanted = { name: 'nightly', scopes: ['export'], expires_at: null } as const;
    await expect(keys.create(wanted, full)).rejects.toThrow(/^full$/);
    await expect(keys.createIfNone(wanted, full)).rejects.toThrow(/^full$/);
    expect(await keys.list()).toEqual([]);
    const shown: string[] = [];
    const { secret } = await keys.create(wanted, (text) => Promise.resolve(void shown.push(text)));
    expect(shown).toEqual([secret]);
  });

  it('block no request while they are printed', async () => {
    const { secret } = await create();
    const wanted = { name: 'slow', scopes: ['export'], expires_at: null } as const;
    await keys.create(wanted, async () => {
      expect(await keys.find(secret)).toMatchObject({ state: 'valid' });
    });
    expect((await keys.list())[0]?.last_used_at).toMatch(TIME);
  });

  it.each(['same', 'its own'])(
    'if there is none, are given to one of five that ask at once for %s name',
    async (which) => {
      await create();
      await keys.revoke('nightly');
      const connections = Array.from(
        { length: 5 },
        () => new GroundTruthDataSource(Env.read({ DATABASE_URL: database.url })),
      );
      try {
        await Promise.all(connections.map((each) => each.initialize()));
        const made = await Promise.all(
          connections.map((each, n) =>
            keysIn(each).createIfNone({
              name: which === 'same' ? 'first' : `first ${n}`,
              scopes: ['admin'],
              expires_at: null,
            }),
          ),
        );
        expect(made.filter((created) => created !== undefined)).toHaveLength(1);
        expect((await keys.list()).map(({ state }) => state)).toEqual(['revoked', 'valid']);
      } finally {
        await Promise.all(connections.map((each) => each.destroy()));
      }
    },
  );

  it('that are created if there is none get another name where expired or revoked keys have theirs', async () => {
    const first = { name: 'first', scopes: ['admin'], expires_at: null } as const;
    for (const name of ['first', 'first-2', 'first-3']) {
      expect(await keys.createIfNone(first)).toMatchObject({ key: { name, state: 'valid' } });
      expect(await keys.createIfNone(first)).toBeUndefined();
      await database.query('update api_keys set expires_at = now()');
    }
    await expect(keys.create(first)).rejects.toThrow(/there is a key "first" already/);
  });

  it('are revoked by name or id, once', async () => {
    const { key } = await create();
    const revoked = await keys.revoke(key.id.toUpperCase());
    expect(revoked).toEqual({ ...key, state: 'revoked', revoked_at: expect.stringMatching(TIME) as string });
    expect(await keys.revoke('nightly')).toEqual(revoked);
    expect(await keys.list()).toEqual([revoked]);
    expect(await keys.revoke('nobody')).toBeUndefined();
    expect(await keys.hasUsable()).toBe(false);
  });

  it('are revoked by a name that is the id of another key, and that other one stays', async () => {
    const { key } = await create();
    await database.query(
      `insert into api_keys (id, name, sha256, scopes) values (gen_random_uuid(), $1, $2, '{export}')`,
      [key.id, DIGEST],
    );
    expect(await keys.revoke(key.id)).toMatchObject({ name: key.id });
    expect(await keys.stateOf(key.id)).toBe('valid');
  });

  it('are listed in the order in which they were made', async () => {
    for (const name of ['b', 'a', 'c']) await create(name);
    const made = await keys.list();
    expect(made.map(({ name }) => name)).toEqual(['b', 'a', 'c']);
    await database.query(`update api_keys set created_at = '2025-01-01Z'`);
    const ids = (listed: ApiKey[]) => listed.map(({ id }) => id);
    expect(ids(await keys.list())).toEqual(ids(made).sort());
  });

  it.each([
    [{ scopes: '{}' }, 'api_keys_scopes_are_known'],
    [{ scopes: '{write}' }, 'api_keys_scopes_are_known'],
    [{ scopes: '{export,null}' }, 'api_keys_scopes_are_known'],
    [{ scopes: '{{export},{review}}' }, 'api_keys_scopes_are_known'],
    [{ sha256: DIGEST.toUpperCase() }, 'api_keys_sha256_is_hexadecimal'],
    [{ name: '' }, 'api_keys_name_is_printable'],
    [{ name: 'a\u0085b' }, 'api_keys_name_is_printable'],
    [{ name: 'é'.repeat(101) }, 'api_keys_name_is_printable'],
    [{ expires_at: 'infinity' }, 'api_keys_times_have_four_digit_years'],
    [{ last_used_at: '0044-03-15 BC' }, 'api_keys_times_have_four_digit_years'],
  ])('with %j are refused by the database', async (columns, constraint) => {
    const all = {
      name: 'a',
      sha256: DIGEST,
      scopes: '{export}',
      expires_at: null,
      last_used_at: null,
      ...columns,
    };
    await expect(
      database.query(
        `insert into api_keys (id, name, sha256, scopes, expires_at, last_used_at)
         values (gen_random_uuid(), $1, $2, $3, $4, $5)`,
        [all.name, all.sha256, all.scopes, all.expires_at, all.last_used_at],
      ),
    ).rejects.toMatchObject({ constraint });
  });

  it('may have every scope and the longest name', async () => {
    const { key } = await keys.create({ name: 'é'.repeat(100), scopes: SCOPES, expires_at: null });
    expect(key.scopes).toEqual(SCOPES);
  });
});

describe('the log of exports', () => {
  let log: DatabaseAccessLog;

  beforeAll(() => {
    log = accessLogIn(database.dataSource);
  });

  const begin = (who: string) =>
    log.begin({ who, via: 'http', filter: { approved_only: true, since: '2025-06-01T00:00:00Z', limit: 3 } });
  const END = { outcome: 'complete', samples: 3, bytes: 6_000_000_000, sha256: DIGEST } as const;

  it('records user, filter, times and outcome, the newest first', async () => {
    const first = await begin('nightly');
    const second = await begin('rini');
    await log.end(first, END);
    const whole = { via: 'http', filter: { approved_only: true, since: '2025-06-01T00:00:00Z', limit: 3 } };
    const time = expect.stringMatching(TIME) as string;
    const running = { ended_at: null, outcome: null, samples: null, bytes: null, sha256: null };
    expect(await log.list(10)).toEqual([
      { id: second, began_at: time, who: 'rini', ...whole, ...running },
      { id: first, began_at: time, who: 'nightly', ...whole, ended_at: time, ...END },
    ]);
    expect(await log.list(1)).toMatchObject([{ id: second }]);
  });

  it('is kept by a role that may not read it', async () => {
    const role = `log_writer_${process.pid}`;
    await database.query(`create role ${role}; grant insert on access_log, access_log_outcomes to ${role}`);
    const url = new URL(database.url);
    url.searchParams.set('options', `-c role=${role}`);
    const writer = new GroundTruthDataSource(Env.read({ DATABASE_URL: url.href }));
    try {
      const id = await accessLogIn(writer).begin({ who: 'rini', via: 'cli', filter: {} });
      await accessLogIn(writer).end(id, END);
      expect(await log.list(1)).toMatchObject([{ id, who: 'rini', ...END }]);
      await expect(accessLogIn(writer).list(1)).rejects.toMatchObject({ code: '42501' });
    } finally {
      await writer.destroy();
      await database.query(`drop owned by ${role}; drop role ${role}`);
    }
  });

  it('takes one outcome for an export, and none without it', async () => {
    const id = await begin('nightly');
    await log.end(id, { ...END, outcome: 'reader_gone' });
    await expect(log.end(id, END)).rejects.toMatchObject({ constraint: 'access_log_outcomes_pkey' });
    await expect(log.end('00000000-0000-7000-8000-000000000000', END)).rejects.toMatchObject({
      constraint: 'access_log_outcomes_id_fkey',
    });
    await expect(log.end(await begin('x'), { ...END, outcome: 'fine' as 'complete' })).rejects.toMatchObject({
      constraint: 'access_log_outcomes_outcome_is_known',
    });
  });

  it.each<ExportOutcome>([
    'complete',
    'reader_gone',
    'reader_stalled',
    'key_revoked',
    'key_expired',
    'shutdown',
    'interrupted',
    'failed',
  ])('takes the outcome %s', async (outcome) => {
    await log.end(await begin('nightly'), { ...END, outcome });
    expect(await log.list(1)).toMatchObject([{ outcome }]);
  });

  it.each([
    `update access_log set who = 'nobody'`,
    `delete from access_log`,
    `truncate access_log cascade`,
    `update access_log_outcomes set samples = 0`,
    `delete from access_log_outcomes`,
    `truncate access_log_outcomes`,
    `insert into access_log select * from access_log on conflict (id) do update set who = 'nobody'`,
  ])('refuses %s', async (sql) => {
    await log.end(await begin('nightly'), END);
    const before = await log.list(100);
    await expect(database.query(sql)).rejects.toThrow(/what was logged of an export stays: .* is refused/);
    expect(await log.list(100)).toEqual(before);
  });
});

describe('the migration', () => {
  it('can be reverted and applied again', async () => {
    const own = await createTestDatabase();
    try {
      for (const _ of migrations) await own.dataSource.undoLastMigration();
      const ours = `select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`;
      expect(await own.query(ours)).toEqual([{ relname: 'ground_truth_migrations' }]);
      expect(
        await own.query(`select proname from pg_proc where pronamespace = 'public'::regnamespace`),
      ).toEqual([]);
      expect(await own.dataSource.runMigrations()).toHaveLength(migrations.length);
    } finally {
      await own.drop();
    }
  });
});
