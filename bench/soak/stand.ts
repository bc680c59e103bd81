import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type Scope, SCOPES } from '../../src/platform/access/key.js';
import { generateSamples } from '../../samples/generate.js';
import { type BenchDatabase, openEmbedded, settle } from '../database.js';
import { pipeProgram, type Server, startServer } from '../processes.js';
import { type SoakOptions } from './options.js';

/** A key for each thing that is done, and one for all of it. */
export type Keys = Readonly<Record<Scope, string>>;

/** By which PostgreSQL knows the connections that only look on. */
export const OURS = 'soak';

/** What is put under load, until it is closed. */
export interface Stand {
  readonly database: BenchDatabase;
  readonly server: Server;
  readonly keys: Keys;
  /** Apart from the server's connections. */
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

/** @param onLine is given what the server logs */
export async function setUp(
  { jobs, seed }: SoakOptions,
  signal: AbortSignal,
  onLine: (line: string) => void,
): Promise<Stand> {
  const undo: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const step of undo.reverse()) await step();
  };
  try {
    const database = await openEmbedded();
    undo.push(() => database.close());
    signal.throwIfAborted();
    await run(database, ['import', '-'], lines(jobs, seed));
    signal.throwIfAborted();
    await settle(database.url);
    const keys: Partial<Record<Scope, string>> = {};
    for (const scope of SCOPES)
      keys[scope] = (await run(database, ['api-key', 'create', '--name', scope, '--scope', scope])).trim();
    signal.throwIfAborted();
    const programEnv = { ...database.programEnv, GROUND_TRUTH_AUTH: 'required' };
    const server = await startServer({ programEnv }, onLine);
    undo.push(() => server.stop());
    const pool = new pg.Pool({ connectionString: database.url, application_name: OURS, max: 2 });
    undo.push(() => pool.end());
    return { database, server, keys: keys as Keys, pool, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @throws Error where the program fails */
async function run(
  database: BenchDatabase,
  args: readonly string[],
  input?: Iterable<string>,
): Promise<string> {
  const { code, said, result } = await pipeProgram(database, args, text, input);
  if (code !== 0) throw new Error(`${args.slice(0, 2).join(' ')} ended with code ${String(code)}: ${said}`);
  return result;
}

function* lines(count: number, seed: number): Generator<string> {
  for (const line of generateSamples({ count, seed })) yield `${line}\n`;
}

/** @returns false where it is interrupted */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  if (!signal.aborted) await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}
