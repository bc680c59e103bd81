import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LoggedExport } from '../../src/platform/access/access-log.js';
import { type Scope, SCOPES } from '../../src/platform/access/key.js';
import { parseLog, runCli } from '../setup/cli.js';
import { runCommand } from '../setup/command.js';
import { importText, insertLargeJobs, sampleLine } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { accessLogIn, bearer, createKey, keysIn } from '../setup/keys.js';
import { type LocalServer, startLocalServer } from '../setup/local-server.js';
import { beginReading } from '../setup/reader.js';

const EXPORT = '/api/v1/ground-truth/export';
const STATS = '/api/v1/ground-truth/stats';
const JOB = '0197a1b2-0000-7000-8000-000000000001';

let database: TestDatabase;
let server: LocalServer;
const keys = {} as Record<Scope, string>;

beforeAll(async () => {
  database = await createTestDatabase();
  for (const scope of SCOPES) keys[scope] = await createKey(database, `only ${scope}`, scope);
  await importText(
    database.dataSource,
    sampleLine({ approved: true }, { initial_result: '{"a":1.0}', final_result: '{"a":1.0}' }),
  );
  server = await startLocalServer({ DATABASE_URL: database.url, GROUND_TRUTH_AUTH: 'required' });
});

afterAll(async () => {
  await server.stop();
  await database.drop();
});

interface Operation {
  readonly method: string;
  readonly path: string;
  /** One of them is needed. */
  readonly scope: readonly Scope[] | undefined;
  readonly isSecured: boolean;
}

/** Every route there is, as the document has it: one that is new cannot be forgotten. */
async function operations(): Promise<Operation[]> {
  const response = await fetch(`${server.url}/openapi.json`);
  const { paths } = (await response.json()) as {
    paths: Record<string, Record<string, { security?: object[]; 'x-scope'?: Scope | Scope[] }>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path: path.replace('{id}', JOB).replace('{sha256}', '0'.repeat(64)),
      scope: operation['x-scope'] && [operation['x-scope']].flat(),
      isSecured: operation.security !== undefined,
    })),
  );
}

async function ask(
  { method, path }: Pick<Operation, 'method' | 'path'>,
  authorization?: string,
): Promise<{ status: number; kind: string; challenge: string | null }> {
  const response = await fetch(server.url + path, {
    method,
    headers: authorization === undefined ? {} : { authorization },
  });
  const text = await response.text();
  const isProblem = response.headers.get('content-type') === 'application/problem+json' && text !== '';
  const { type = '' } = isProblem ? (JSON.parse(text) as { type?: string }) : {};
  return {
    status: response.status,
    kind: type.replace(/.*:/, ''),
    challenge: response.headers.get('www-authenticate'),
  };
}

describe('access control', () => {
  it('needs a key for every route of the OpenAPI document but health', async () => {
    const all = await operations();
    expect(all.length).toBeGreaterThan(12);
    expect(all.filter(({ scope }) => scope === undefined).map(({ path }) => path)).toEqual([
      '/healthz',
      '/readyz',
    ]);
    for (const { scope, isSecured } of all) expect(isSecured).toBe(scope !== undefined);
  });

  it('answers 401 on each of them without a key, and with an unknown, expired or revoked one', async () => {
    const expired = await createKey(database, 'expired', 'admin');
    await database.query(
      `update api_keys set expires_at = now() - interval '1 second' where name = 'expired'`,
    );
    const revoked = await createKey(database, 'revoked', 'admin');
    await keysIn(database.dataSource).revoke('revoked');
    const unknown = `gt_${'a'.repeat(43)}`;
    for (const operation of (await operations()).filter(({ scope }) => scope !== undefined)) {
      for (const method of operation.method === 'GET' ? ['GET', 'HEAD'] : [operation.method]) {
        const without = await ask({ ...operation, method });
        expect([method, operation.path, without]).toEqual([
          method,
          operation.path,
          {
            status: 401,
            kind: method === 'HEAD' ? '' : 'key-missing',
            challenge: 'Bearer realm="ground-truth"',
          },
        ]);
      }
      for (const authorization of [
        `Bearer ${unknown}`,
        `Bearer ${expired}`,
        `Bearer ${revoked}`,
        `Bearer ${keys.admin}x`,
        'Bearer x',
      ]) {
        expect(await ask(operation, authorization)).toMatchObject({ status: 401, kind: 'key-invalid' });
      }
      expect(
        await ask(operation, `Basic ${Buffer.from(`x:${keys.admin}`).toString('base64')}`),
      ).toMatchObject({
        status: 401,
        kind: 'key-missing',
      });
    }
  });

  it('answers 403 on each of them to a key with another scope, and accepts its own scope and admin', async () => {
    for (const operation of (await operations()).filter(({ scope }) => scope !== undefined)) {
      for (const scope of SCOPES) {
        const { status, kind } = await ask(operation, `Bearer ${keys[scope]}`);
        const opens = operation.scope!.includes(scope) || scope === 'admin';
        expect([operation, scope, [401, 403].includes(status)]).toEqual([operation, scope, !opens]);
        // eslint-disable-next-line jest/no-conditional-expect
        if (!opens) expect([status, kind]).toEqual([403, 'scope-missing']);
      }
    }
  });

  it('answers 401 before it reads the body', async () => {
    const socket = connect(server.port, '127.0.0.1').on('error', () => undefined);
    socket.write(
      'POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"',
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 401 /);
    socket.destroy();
  });

  it('leaves health, Swagger UI and its document open', async () => {
    for (const path of ['/healthz', '/readyz', '/docs', '/openapi.json'])
      expect((await fetch(server.url + path)).status).toBe(200);
  });

  it('does not start without a key on an address that others can reach, and says how to make one', async () => {
    const empty = await createTestDatabase();
    try {
      for (const [way, args, env] of [
        [runCli, ['--host', '0.0.0.0'], {}],
        [runCommand, ['--host', '::'], {}],
        [runCommand, [], { HOST: '0.0.0.0' }],
        [runCommand, [], { GROUND_TRUTH_AUTH: 'required' }],
      ] as const) {
        const run = await way(['serve', '--port', '0', ...args], {
          env: { DATABASE_URL: empty.url, ...env },
        });
        expect(run).toMatchObject({
          code: 1,
          stderr: expect.stringMatching(
            /^ground-truth: there is no API key yet.*: ground-truth api-key create --name first --scope admin\n$/,
          ) as string,
        });
      }
    } finally {
      await empty.drop();
    }
  });

  it('needs no key on loopback by default', async () => {
    const open = await startLocalServer({ DATABASE_URL: database.url });
    try {
      expect((await fetch(open.url + STATS)).status).toBe(200);
    } finally {
      await open.stop();
    }
  });
});

describe('rate limits', () => {
  it('count the requests of each key, and those with unknown keys, separately', async () => {
    const limited = await startLocalServer({
      DATABASE_URL: database.url,
      GROUND_TRUTH_AUTH: 'required',
      GROUND_TRUTH_RATE_LIMIT: '5',
    });
    const get = (secret: string) => fetch(limited.url + STATS, { headers: bearer(secret) });
    const statuses = async (secret: string) => {
      const found: number[] = [];
      for (let i = 0; i < 7; i++) found.push((await get(secret)).status);
      return found;
    };
    try {
      expect(await statuses(keys.export)).toEqual([200, 200, 200, 200, 200, 429, 429]);
      const refused = await get(keys.export);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
      expect(await refused.json()).toMatchObject({ type: 'urn:ground-truth:problem:too-many-requests' });
      expect(await statuses(keys.admin)).toEqual([200, 200, 200, 200, 200, 429, 429]);
      expect(await statuses(`gt_${'b'.repeat(43)}`)).toEqual([401, 401, 401, 401, 401, 429, 429]);
    } finally {
      await limited.stop();
    }
  });

  it('cost nothing beyond them, and hold up nobody whose key is in use', async () => {
    const own = await createTestDatabase();
    const busy = await createKey(own, 'busy', 'export');
    const calm = await createKey(own, 'calm', 'export');
    const limited = await startLocalServer({
      DATABASE_URL: own.url,
      GROUND_TRUTH_AUTH: 'required',
      GROUND_TRUTH_RATE_LIMIT: '5',
    });
    const get = (secret: string) => fetch(limited.url + STATS, { headers: bearer(secret) });
    const statuses = async (count: number, secretOf: (n: number) => string) => {
      const found: number[] = [];
      for (let n = 0; n < count; n++) found.push((await get(secretOf(n))).status);
      return found;
    };
    try {
      expect((await get(calm)).status).toBe(200);
      expect(await statuses(5, () => busy)).toEqual([200, 200, 200, 200, 200]);
      expect(await statuses(5, (n) => `gt_${String(n).repeat(43)}`)).toEqual([401, 401, 401, 401, 401]);
      expect((await get(calm)).status).toBe(200);
      // Whoever asks for a key now fails.
      await own.query('alter table api_keys rename to gone');
      expect(await statuses(2, () => busy)).toEqual([429, 429]);
      expect(await statuses(2, (n) => `gt_${String(n + 5).repeat(43)}`)).toEqual([429, 429]);
      expect((await get(calm)).status).toBe(503);
      const refused = parseLog(limited.log()).filter(({ status }) => status === 429);
      expect(refused.map(({ key }) => key)).toEqual(['busy', 'busy', undefined, undefined]);
    } finally {
      await limited.stop();
      await own.drop();
    }
  });
});

describe('the access log', () => {
  const log = () => accessLogIn(database.dataSource);

  /** The newest entry, once it has an end. */
  async function lastEntry(): Promise<LoggedExport> {
    for (;;) {
      const [entry] = await log().list(1);
      if (entry?.ended_at != null) return entry;
      await sleep(20);
    }
  }

  it('records user, filter, outcome and digest of an export over HTTP, compressed or not', async () => {
    for (const encoding of ['identity', 'gzip']) {
      const response = await fetch(`${server.url}${EXPORT}?approved_only=false&since=2025-01-01&limit=7`, {
        headers: { ...bearer(keys.export), 'accept-encoding': encoding },
      });
      const body = Buffer.from(await response.arrayBuffer());
      expect(await lastEntry()).toMatchObject({
        who: 'only export',
        via: 'http',
        filter: { approved_only: false, since: '2025-01-01T00:00:00Z', limit: 7 },
        outcome: 'complete',
        samples: 1,
        bytes: body.length,
        sha256: createHash('sha256').update(body).digest('hex'),
      });
    }
  });

  it('records exports by the command too', async () => {
    const run = await runCommand(['export', '--has-corrections', 'false'], {
      env: { DATABASE_URL: database.url },
    });
    expect(run.code).toBe(0);
    expect(await lastEntry()).toMatchObject({
      who: userInfo().username,
      via: 'cli',
      filter: { approved_only: true, has_corrections: false },
      outcome: 'complete',
      samples: 1,
      sha256: createHash('sha256').update(run.stdout).digest('hex'),
    });
  });

  it('makes the export fail where it cannot be written', async () => {
    const other = await createTestDatabase();
    const role = `gt_reader_${process.pid}`;
    await other.query(`create role ${role} login; grant select on all tables in schema public to ${role}`);
    const url = new URL(other.url);
    url.username = role;
    try {
      const run = await runCommand(['export'], { env: { DATABASE_URL: url.href } });
      expect(run).toMatchObject({
        code: 1,
        stdout: Buffer.alloc(0),
        stderr:
          'ground-truth: the database refused it: permission denied for table access_log; see "Roles" in docs/operations.md\n',
      });
      const asRole = await startLocalServer({ DATABASE_URL: url.href });
      const answer = await fetch(asRole.url + EXPORT);
      await asRole.stop();
      expect([answer.status, await answer.json()]).toMatchObject([
        503,
        { detail: 'the role of the server lacks a right on the database; the log of the server names it' },
      ]);
      expect(parseLog(asRole.log())).toContainEqual(
        expect.objectContaining({
          level: 'warn',
          message: expect.stringContaining('permission denied for table access_log') as string,
        }),
      );
    } finally {
      await other.query(`drop owned by ${role}; drop role ${role}`);
      await other.drop();
    }
  });

  describe('for an export that is running', () => {
    beforeAll(() => insertLargeJobs(database));

    const begin = (secret: string) =>
      beginReading(`${server.url}${EXPORT}?approved_only=false`, bearer(secret));

    it('records that the reader left', async () => {
      (await begin(keys.export)).destroy();
      expect(await lastEntry()).toMatchObject({ outcome: 'reader_gone', who: 'only export' });
    });

    it('records that its key expired, which ends the export', async () => {
      const secret = await createKey(database, 'expiring', 'export');
      const response = await begin(secret);
      const reset = once(response, 'error') as Promise<[NodeJS.ErrnoException]>;
      await database.query(`update api_keys set expires_at = now() where name = 'expiring'`);
      expect(await lastEntry()).toMatchObject({ outcome: 'key_expired', who: 'expiring' });
      response.resume();
      expect((await reset)[0].code).toBe('ECONNRESET');
      const refused = await fetch(server.url + STATS, { headers: bearer(secret) });
      expect(await refused.json()).toMatchObject({ detail: 'the key has expired; ask for a new one' });
    });

    it('records that its key was revoked, which ends the export', async () => {
      const secret = await createKey(database, 'short-lived', 'export');
      const response = await begin(secret);
      const reset = once(response, 'error') as Promise<[NodeJS.ErrnoException]>;
      await keysIn(database.dataSource).revoke('short-lived');
      expect(await lastEntry()).toMatchObject({ outcome: 'key_revoked', who: 'short-lived' });
      response.resume();
      expect((await reset)[0].code).toBe('ECONNRESET');
      expect((await fetch(server.url + STATS, { headers: bearer(secret) })).status).toBe(401);
      const metrics = await (await fetch(`${server.url}/metrics`, { headers: bearer(keys.metrics) })).text();
      expect(metrics).toContain('ground_truth_exports_total{outcome="key_revoked"} 1\n');
      expect(metrics).toContain('ground_truth_exports_total{outcome="key_expired"} 1\n');
    });
  });
});
