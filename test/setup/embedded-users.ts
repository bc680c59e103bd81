import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { EmbeddedUser, isServer } from '../fixtures/embedded-user-process.js';

export type Options = Partial<ConstructorParameters<typeof EmbeddedUser>[0]>;

/** The working directory of a test's users. */
export let cwd: string;
/** The process ids of the servers that they started. */
export let servers: Set<number>;
let users: EmbeddedUser[];
/** A data folder for the tests of the file to copy. */
let cluster: string | undefined;

/** Creates a folder for each test of a file, and ends the users and servers that the test leaves. */
export function useEmbeddedUsers(): void {
  beforeEach(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'gt-'));
    await chmod(cwd, 0o755);
    users = [];
    servers = new Set();
  });

  afterEach(async () => {
    // Users first, because they would restart their server.
    await Promise.all(users.map((user) => user.kill('SIGKILL').catch(() => undefined)));
    for (const pid of servers) if (await isServer(pid)) killIfThere(pid);
    await rm(cwd, { recursive: true, force: true });
  });

  afterAll(async () => {
    if (cluster !== undefined) await rm(dirname(cluster), { recursive: true });
  });
}

/** The default data folder of users. */
export function defaultDataDir(): string {
  return join(cwd, '.ground-truth');
}

/** Copies a used data folder to `dataDir`, because creating one takes longer than most tests. */
export async function copyCluster(dataDir = defaultDataDir()): Promise<void> {
  cluster ??= await makeCluster();
  execFileSync('cp', ['-a', cluster, dataDir]);
}

async function makeCluster(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gt-'));
  await chmod(folder, 0o755);
  const user = new EmbeddedUser({ cwd: folder });
  await user.acquired();
  await user.release();
  return user.dataDir;
}

/** Starts a process that acquires the server. */
export function start(options: Options = {}): EmbeddedUser {
  const user = new EmbeddedUser({ cwd, ...options });
  users.push(user);
  return user;
}

/** Starts a process and waits until it has acquired the server. */
export async function acquire(options: Options = {}): Promise<EmbeddedUser> {
  const user = start(options);
  await user.acquired();
  servers.add(user.serverPid());
  return user;
}

/** Starts a process that cannot acquire the server, and returns the name and message of its error. */
export async function refused(options: Options = {}): Promise<string> {
  return start(options).refused();
}

/** Waits until `user` is the only one: the server detects the end of a killed process with some delay. */
export async function untilAlone(user: EmbeddedUser): Promise<void> {
  const count = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'ground-truth (user)'`;
  while (!isDeepStrictEqual(await user.query(count), [{ n: 1 }])) await sleep(20);
}

export async function expectStopped(pid: number, dataDir: string): Promise<void> {
  expect(await isServer(pid)).toBe(false);
  expect(await readdir(join(dataDir, 'pgdata'))).not.toContain('postmaster.pid');
  expect((await readdir(dataDir)).sort()).toEqual(['pgdata', 'postgres.log', 'run']);
}

/** The process may have ended already. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGQUIT');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
