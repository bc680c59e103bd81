import { spawnSync } from 'node:child_process';
import { runCli } from '../setup/cli.js';
import { OwnPostgres } from '../setup/postgres.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
if (!hasOpenssl) console.warn('Tests of TLS need openssl, and are skipped.');

(hasOpenssl ? describe : describe.skip)('a database that is reached by TLS', () => {
  let postgres: OwnPostgres;
  beforeAll(async () => {
    postgres = await OwnPostgres.create({ tls: true });
  });
  afterAll(() => postgres.remove());

  /** A process, since warnings are of a process. */
  const migrate = (parameters: string) =>
    runCli(['migrate'], { env: { DATABASE_URL: postgres.tlsUrlOf('postgres', parameters) } });

  it.each(['verify-full', 'require'])(
    'is used with sslmode=%s and its certificate, without a warning',
    async (mode) => {
      const { code, stderr } = await migrate(`sslmode=${mode}&sslrootcert=${postgres.certificate}`);
      expect(stderr).toMatch(/^(applied .*\n)*the schema of the database is up to date\n$/);
      expect(code).toBe(0);
    },
  );

  it('is used unverified only with sslmode=no-verify', async () => {
    expect(await migrate('sslmode=no-verify')).toMatchObject({ code: 0 });
    const { code, stderr } = await migrate('sslmode=require');
    expect(stderr).toMatch(/^ground-truth: the database cannot be used: self-signed certificate.*\n$/);
    expect(code).toBe(1);
  });

  it('is not used without TLS', async () => {
    expect((await migrate('sslmode=disable')).stderr).toContain('no encryption');
  });
});
