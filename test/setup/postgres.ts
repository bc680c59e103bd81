import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { findPackage, runnableBinaries } from '../../src/platform/database/embedded/binaries.js';
import { ownUser, userForRoot, type ServerUser } from '../../src/platform/database/embedded/server-user.js';
import { freePort } from './server.js';

const USER = 'postgres';

/** Debian's PostgreSQL 15, which the gate installs. Unlike the embedded one, it comes with pg_basebackup. */
export const DEBIAN = '/usr/lib/postgresql/15';

/** A PostgreSQL server that a test starts and can kill. To the program it is an external server. */
export class OwnPostgres {
  private server: ChildProcess | undefined;
  /** With TLS: where it listens besides its socket. */
  private port: number | undefined;

  private constructor(
    /** The folder of its files and its socket. */
    readonly folder: string,
    readonly user: ServerUser,
    private readonly binaries: string,
    /** Further settings, such as `autovacuum=off`. */
    private readonly settings: readonly string[],
  ) {}

  /**
   * Creates and starts a server.
   *
   * @param tls whether it also listens on a port of 127.0.0.1, by TLS only, with a certificate for `localhost` that it has
   *   signed itself
   * @param binaries of another server than the embedded one: a folder with `bin/`
   * @param settings of the server, such as `autovacuum=off`
   */
  static async create({
    tls = false,
    binaries = undefined as string | undefined,
    settings = [] as readonly string[],
  } = {}): Promise<OwnPostgres> {
    const user = process.getuid?.() === 0 ? await userForRoot(undefined) : await ownUser();
    const postgres = new OwnPostgres(
      await privateFolder(user),
      user,
      binaries ?? (await runnableBinaries(findPackage(), user)),
      settings,
    );
    const args = ['--pgdata', postgres.data, '--username', USER, '--auth', 'trust', '--no-sync'];
    postgres.run('initdb', [...args, '--encoding', 'UTF8', '--locale', 'C']);
    if (tls) await postgres.prepareTls();
    await postgres.start();
    return postgres;
  }

  /** Makes and starts a standby that streams from this server. Only with binaries that have pg_basebackup. */
  async createStandby(settings: readonly string[] = []): Promise<OwnPostgres> {
    const standby = new OwnPostgres(await privateFolder(this.user), this.user, this.binaries, settings);
    const from = ['--host', this.folder, '--username', USER, '--pgdata', standby.data];
    standby.run('pg_basebackup', [...from, '--write-recovery-conf', '--checkpoint', 'fast', '--no-sync']);
    await standby.start();
    return standby;
  }

  urlOf(database: string): string {
    const port = this.port === undefined ? '' : `&port=${this.port}`;
    return `postgresql://${USER}@localhost/${database}?host=${encodeURIComponent(this.folder)}${port}`;
  }

  /** By TCP. @param parameters such as `sslmode=require` */
  tlsUrlOf(database: string, parameters: string): string {
    return `postgresql://${USER}@localhost:${this.port}/${database}?${parameters}`;
  }

  /** The certificate that a client needs to trust. */
  get certificate(): string {
    return path.join(this.data, 'server.crt');
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    // A killed server leaves processes behind, which prevent a new start until they have ended.
    for (;;) {
      const settings = [
        `unix_socket_directories=${this.folder}`,
        'fsync=off',
        ...this.settings,
        ...(this.port === undefined
          ? ['listen_addresses=']
          : ['listen_addresses=127.0.0.1', `port=${this.port}`, 'ssl=on']),
      ];
      const args = ['-D', this.data, ...settings.flatMap((setting) => ['-c', setting])];
      const server = spawn(this.program('postgres'), args, {
        ...this.user.identity,
        cwd: '/',
        stdio: 'ignore',
      });
      const ended = once(server, 'close').then(() => true);
      this.server = server;
      for (let hasEnded = false; !hasEnded;) {
        if (await this.answers()) return;
        hasEnded = await Promise.race([ended, sleep(50).then(() => false)]);
      }
    }
  }

  /** `SIGKILL`: kills the process; `SIGQUIT`: immediate shutdown, which notifies sessions; `SIGINT`: fast shutdown. */
  async stop(signal: 'SIGKILL' | 'SIGQUIT' | 'SIGINT'): Promise<void> {
    const { server } = this;
    if (server?.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'close');
    server.kill(signal);
    await ended;
  }

  /** Suspends the server with all its sessions, so that it answers nothing and closes nothing. Returns what continues it. */
  async halt(): Promise<() => void> {
    const sessions = await this.query<{ pid: number }>(
      'select pid from pg_stat_activity where pid <> pg_backend_pid()',
    );
    const pids = [this.server!.pid!, ...sessions.map(({ pid }) => pid)];
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    return () => {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    };
  }

  async remove(): Promise<void> {
    await this.stop('SIGQUIT');
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Runs statements as the superuser, over a separate connection. */
  async query<Row = Record<string, unknown>>(sql: string, database = USER): Promise<Row[]> {
    const client = new Client({ connectionString: this.urlOf(database) });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query(sql)).rows as Row[];
    } finally {
      await client.end();
    }
  }

  private async prepareTls(): Promise<void> {
    this.port = await freePort();
    await writeFile(path.join(this.data, 'pg_hba.conf'), 'local all all trust\nhostssl all all all trust\n');
    const key = path.join(this.data, 'server.key');
    const made = spawnSync('openssl', [
      ...['req', '-x509', '-days', '2', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
      ...['-keyout', key, '-out', this.certificate],
    ]);
    if (made.status !== 0) throw new Error(made.stderr.toString());
    await chmod(key, 0o600);
    for (const file of [key, this.certificate]) await chown(file, this.user.uid, this.user.gid);
  }

  private get data(): string {
    return path.join(this.folder, 'data');
  }

  private run(program: string, args: readonly string[]): void {
    const ran = spawnSync(this.program(program), args, {
      ...this.user.identity,
      cwd: '/',
      encoding: 'utf8',
    });
    if (ran.status !== 0) throw new Error(ran.stderr);
  }

  private program(name: string): string {
    return path.join(this.binaries, 'bin', name);
  }

  private answers(): Promise<boolean> {
    return this.query('select 1').then(
      () => true,
      () => false,
    );
  }
}

/** A short path, because it contains the socket. */
async function privateFolder({ uid, gid }: ServerUser): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'gt-'));
  await chown(folder, uid, gid);
  return folder;
}
