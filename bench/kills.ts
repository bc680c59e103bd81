import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../samples/random.js';
import { query } from './database.js';
import { type Flaws, Refusal, ROWS_BY_TAG, Writer, Writes } from './kills/writers.js';
import { conditions, main, note } from './main.js';
import { secondsSince } from './measurement.js';
import { pipeProgram, runProgram, type Server, startServer } from './program.js';
import { inGroups, median, milliseconds, table } from './report-text.js';

const USAGE = `usage: npm run kills -- [options]

Kills a server and its embedded PostgreSQL at random moments while clients write, and checks after each kill that all
acknowledged writes are there. Works in a temporary folder.

  --kills N     how many (default: 100)
  --clients N   clients that write all the time (default: 4)
  --verify N    kills from one export and \`ground-truth verify\` to the next (default: 50)
  --seed N      seed of the random choices (default: 1)

Exit code 3 if a write was lost, doubled or torn, or if the server ended on its own.`;

const OPTIONS = { kills: 100, clients: 4, verify: 50, seed: 1 };

const KINDS = [
  'server',
  'postmaster',
  'backend, terminated',
  'backend, killed',
  'server and postmaster',
] as const;
type Kind = (typeof KINDS)[number];

/** The server must answer again within this time. */
const RECOVERY_SECONDS = 120;
const LOAD_MS = { least: 20, most: 700 };

async function kills(options: typeof OPTIONS, _names: readonly string[], signal: AbortSignal): Promise<void> {
  if (options.kills < 1 || options.clients < 1 || options.verify < 1)
    throw new RangeError('--kills, --clients and --verify are at least 1');
  const folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-kills-'));
  const run = new Run(folder, options);
  try {
    await run.start();
    await run.killAll(signal);
    process.stdout.write(await run.report());
    if (!run.isSound) process.exitCode = 3;
  } finally {
    await run.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  }
  signal.throwIfAborted();
}

class Run {
  private readonly env: Readonly<Record<string, string>>;
  private readonly random: Random;
  private readonly writes = new Writes();
  private readonly recoveries = new Map<Kind, number[]>(KINDS.map((kind) => [kind, []]));
  private readonly refusals = new Map<string, number>();
  private readonly ending = new AbortController();
  private clients: Promise<unknown> = Promise.resolve();
  private server: Server | undefined;
  private url = '';
  private flaws: Flaws = { lost: 0, doubled: 0, torn: 0, unwanted: 0 };
  private crashes = 0;
  private verified = 0;

  constructor(
    private readonly folder: string,
    private readonly options: typeof OPTIONS,
  ) {
    this.env = {
      GROUND_TRUTH_DATA_DIR: folder,
      GROUND_TRUTH_RATE_LIMIT: '0',
    };
    this.random = new Random(options.seed);
  }

  get isSound(): boolean {
    return this.crashes === 0 && Object.values(this.flaws).every((count) => count === 0);
  }

  async start(): Promise<void> {
    await runProgram(this.env, ['migrate']);
    await this.startServer();
    const { socket, port } = await this.postmaster();
    this.url = `postgresql://ground_truth@localhost:${port}/ground_truth?host=${encodeURIComponent(socket)}`;
    const { clients, seed } = this.options;
    this.clients = Promise.all(Array.from({ length: clients }, (_, n) => this.write(seed * 1_000 + n)));
  }

  async killAll(signal: AbortSignal): Promise<void> {
    for (let kill = 1; kill <= this.options.kills && !signal.aborted; kill++) {
      await sleep(this.random.between(LOAD_MS.least, LOAD_MS.most));
      const kind = this.random.pick(KINDS);
      const start = performance.now();
      await this.kill(kind);
      await this.recover(start);
      this.recoveries.get(kind)!.push(secondsSince(start));
      if (kill % this.options.verify === 0 || kill === this.options.kills) await this.verify();
      if (kill % 50 === 0) note(`${kill} kills, ${inGroups(this.writes.count('acknowledged'))} writes`);
    }
  }

  /** Ends everything, also what a kill has left running. */
  async stop(): Promise<void> {
    this.ending.abort();
    await this.clients;
    const { server } = this;
    this.server = undefined;
    await server?.stop();
    // A command adopts a PostgreSQL without users, and stops it at its end.
    await runProgram(this.env, ['migrate']);
  }

  async report(): Promise<string> {
    const { kills: asked, clients, seed } = this.options;
    const rows = [...this.recoveries].map(([kind, all]) => {
      const [usual, worst] = all.length === 0 ? ['', ''] : [median(all), Math.max(...all)].map(milliseconds);
      return [kind, String(all.length), usual!, worst!];
    });
    const { lost, doubled, torn, unwanted } = this.flaws;
    const facts = {
      'Acknowledged writes': this.writes.count('acknowledged'),
      'Not acknowledged, so whole or not there': this.writes.count('unanswered'),
      Lost: lost,
      Doubled: doubled,
      Torn: torn,
      'Refused, but there': unwanted,
      'Ends of the server on its own': this.crashes,
      'Exports read and verified': this.verified,
    };
    const refused = [...this.refusals].map(([what, count]) => `${count} × ${what}\n`).join('');
    return [
      `${await conditions(`${asked} kills, ${clients} clients, seed ${seed}`, this.url)}\n`,
      table(['Killed', 'times', 'median ms to the next answer', 'worst'], rows),
      table(
        ['', ''],
        Object.entries(facts).map(([name, count]) => [name, inGroups(count)]),
      ),
      ...(refused === '' ? [] : [`Other answers:\n${refused}`]),
    ].join('\n');
  }

  private async write(seed: number): Promise<void> {
    const writer = new Writer(this.writes, new Random(seed));
    while (!this.ending.signal.aborted) {
      try {
        if (this.server) await writer.writeOnce(this.server);
        else await sleep(20);
      } catch (error) {
        if (error instanceof Refusal)
          this.refusals.set(error.message, (this.refusals.get(error.message) ?? 0) + 1);
        // Nobody answers: that is what the kills are for.
        await sleep(20);
      }
    }
  }

  private async startServer(): Promise<void> {
    const server = await startServer(this.env);
    this.server = server;
    void server.closed.then(() => {
      // Whoever kills or stops it takes it away before.
      if (this.server !== server) return;
      this.crashes++;
      this.server = undefined;
    });
  }

  private async kill(kind: Kind): Promise<void> {
    if (kind === 'backend, terminated' || kind === 'backend, killed') {
      const backends = await query<{ pid: number }>(
        this.url,
        `select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
      );
      const { pid } = this.random.pick(backends);
      if (kind === 'backend, killed') process.kill(pid, 'SIGKILL');
      else await query(this.url, 'select pg_terminate_backend($1)', [pid]);
      return;
    }
    const { pid } = await this.postmaster();
    if (kind !== 'postmaster') {
      const { server } = this;
      this.server = undefined;
      if (server) process.kill(server.pid, 'SIGKILL');
    }
    if (kind !== 'server') process.kill(pid, 'SIGKILL');
  }

  /** Waits until the server is ready and the writes can be checked. Starts the server where it was killed or has ended. */
  private async recover(start: number): Promise<void> {
    while (!(await this.isReady()) || !(await this.check())) {
      if (secondsSince(start) > RECOVERY_SECONDS)
        throw new Error(`the server did not recover within ${RECOVERY_SECONDS} s`);
      if (this.server === undefined) await this.startServer();
      else await sleep(10);
    }
  }

  private async isReady(): Promise<boolean> {
    if (this.server === undefined) return false;
    const signal = AbortSignal.timeout(5_000);
    return fetch(`${this.server.url}/readyz`, { signal }).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  /** @returns false if the database does not answer: it has just noticed that it was killed */
  private async check(): Promise<boolean> {
    const judge = this.writes.expect();
    const rows = await query<{ tag: string; count: number }>(this.url, ROWS_BY_TAG).catch(() => undefined);
    if (rows === undefined) return false;
    this.flaws = judge(new Map(rows.map(({ tag, count }) => [tag, count])));
    if (!this.isSound) note(`not sound: ${JSON.stringify(this.flaws)}, ${this.crashes} ends of the server`);
    return true;
  }

  /** @throws Error if `verify` is not content, or if a line of an export is not a sample that leads back exactly */
  private async verify(): Promise<void> {
    await runProgram(this.env, ['verify']);
    await pipeProgram(this.env, ['export', '--approved-only', 'false'], async (output) => {
      for await (const line of createInterface({ input: output })) {
        const sample = JSON.parse(line) as { job_id?: string; diverged?: unknown };
        if (sample.job_id === undefined || sample.diverged !== undefined)
          throw new Error('a sample is not exact');
      }
    });
    this.verified++;
  }

  /** From postmaster.pid, which has the process id in its first line, the port in the fourth, the socket in the fifth. */
  private async postmaster(): Promise<{ pid: number; port: string; socket: string }> {
    const lines = (await readFile(path.join(this.folder, 'pgdata', 'postmaster.pid'), 'utf8')).split('\n');
    const pid = Number(lines[0]);
    if (!Number.isSafeInteger(pid) || pid <= 1) throw new Error('postmaster.pid has no process id');
    return { pid, port: lines[3]!, socket: lines[4]! };
  }
}

await main(USAGE, OPTIONS, kills);
