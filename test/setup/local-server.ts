import { Env } from '../../src/platform/config/env.js';
import { JsonLogger } from '../../src/platform/operations/json-logger.js';
import { type RunningServer, startServer } from '../../src/serve.js';
import { keepLog } from './log-watch.js';

/** A server in the test process. */
export interface LocalServer extends RunningServer {
  readonly port: number;
  /** Its log so far. If several servers run, the one started last gets the log of all. */
  log(): string;
}

/**
 * Starts a server like `startServer` of `server.ts`, but in this process and from the sources, which takes a moment instead of
 * seconds. For signals, exit codes and standard error, a test needs a process.
 */
export async function startLocalServer(settings: NodeJS.ProcessEnv): Promise<LocalServer> {
  const env = Env.read(settings);
  let log = '';
  const write = (line: string) => {
    log += line;
    keepLog(line);
  };
  const logger = new JsonLogger(env.GROUND_TRUTH_LOG_LEVEL, { write });
  const server = await startServer(env, { port: 0 }, logger, '1.2.3-test');
  return { ...server, port: Number(new URL(server.url).port), log: () => log };
}
