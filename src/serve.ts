import { lookup } from 'node:dns/promises';
import { type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { ApiKeys } from './platform/access/api-keys.js';
import { AppModule } from './app.module.js';
import { Env } from './platform/config/env.js';
import { configureApp } from './configure-app.js';
import { counted } from './platform/counted.js';
import { GroundTruthDataSource } from './platform/database/ground-truth-data-source.js';
import { isUpToDate, migrate } from './platform/database/migrate.js';
import { answerUnreadable, limitConnections } from './platform/http/connections.js';
import { isLoopbackAddress } from './platform/http/hosts.js';
import { Transfers } from './platform/http/transfers.js';
import { JsonLogger } from './platform/operations/json-logger.js';
import { packageVersion } from './platform/package-file.js';
import { ExitCode, Failure, systemReason } from './platform/terminal/failure.js';

/** Override HOST and PORT of the environment. */
export interface ServeOptions {
  readonly host?: string;
  readonly port?: number;
}

/** Extra time for other responses to end, after the time that exports are given. */
const GRACE_MS = 1_000;

/** Time after which a process that has not exited is ended. */
const EXIT_TIMEOUT_MS = 10_000;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Serves until a signal arrives, then shuts down. A second signal ends the process at once.
 *
 * @throws Failure if the server cannot listen, or requires an API key and there is none; errors of the database
 */
export async function serve(options: ServeOptions = {}): Promise<void> {
  // Listen for signals first: a signal during start-up must release what was started, too.
  const ending = askedToEnd();
  const env = Env.read();
  const logger = new JsonLogger(env.GROUND_TRUTH_LOG_LEVEL);
  const server = await startServer(env, options, logger, packageVersion());
  greet(logger, server.url);
  logger.log(`${await ending} was received: the server shuts down`);
  endInAnyCase(logger, env.GROUND_TRUTH_SHUTDOWN_SECONDS);
  await server.stop();
}

/** A server that listens. */
export interface RunningServer {
  readonly url: string;
  /** Waits for exports, for GROUND_TRUTH_SHUTDOWN_SECONDS at most, and releases all resources. */
  stop(): Promise<void>;
}

/** Starts a server without handling signals or standard error; `serve` and tests do that. Throws as `serve` does. */
export async function startServer(
  env: Env,
  options: ServeOptions,
  logger: JsonLogger,
  version: string,
): Promise<RunningServer> {
  const host = options.host ?? env.HOST;
  const isPrivate = await isLoopback(host);
  // If other machines can reach the server, requests need a key.
  const authentication = env.GROUND_TRUTH_AUTH ?? (isPrivate ? 'none' : 'required');
  const mostConnections = Math.min(env.GROUND_TRUTH_MAX_CONNECTIONS, connectionsThatFit(env));
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.forRoot(env, authentication, logger),
    {
      // The caller reports errors that occur before the server listens.
      logger: false,
      abortOnError: false,
      bodyParser: false,
    },
  );
  try {
    const needsNoKey = authentication === 'none';
    const names = env.GROUND_TRUTH_ALLOWED_HOSTS ?? (needsNoKey && isPrivate ? [] : undefined);
    configureApp(app, env, version, { hosts: names && [host, ...names], needsNoKey });
    if (env.GROUND_TRUTH_MIGRATE) await migrate(app.get(GroundTruthDataSource));
    if (!env.hasExternalRelations && !(await isMigrated(app))) logger.warn(NOT_MIGRATED);
    if (authentication === 'required') await requireUsableKey(app.get(ApiKeys), host);
    else if (!isPrivate) logger.warn(WITHOUT_KEYS);
    limitConnections(app.getHttpServer(), mostConnections, () => {
      logger.warn(`${mostConnections} connections are open, and more are refused; ${OF_CONNECTIONS}`);
    });
    const url = await listen(app, host, options.port ?? env.PORT);
    app.useLogger(logger);
    logger.log(`at most ${mostConnections} connections at once; ${OF_CONNECTIONS}`);
    return {
      url,
      stop: async () => {
        try {
          await drain(app, logger, env.GROUND_TRUTH_SHUTDOWN_SECONDS);
        } finally {
          await app.close();
        }
        logger.log('the server has ended');
      },
    };
  } catch (error) {
    await app.close();
    throw error;
  }
}

const OF_CONNECTIONS = 'GROUND_TRUTH_MAX_CONNECTIONS and the limit of open files (ulimit -n) set this number';

/** Three quarters of the files that the process may open, without those for the database: exports, logs and modules need some, too. */
function connectionsThatFit(env: Env): number {
  const { userLimits } = process.report.getReport() as {
    userLimits?: { open_files: { soft: number | string } };
  };
  const files = Number(userLimits?.open_files.soft);
  if (!Number.isFinite(files)) return Infinity;
  return Math.max(1, Math.floor((files - env.GROUND_TRUTH_POOL_SIZE) * 0.75));
}

const WITHOUT_KEYS = 'GROUND_TRUTH_AUTH is none: anyone who can reach the server can read every document';

const NOT_MIGRATED =
  'the schema of the database is not up to date, and requests that need it fail; run: ground-truth migrate';

/** What cannot be read counts as not migrated, as for `/readyz`. */
async function isMigrated(app: NestExpressApplication): Promise<boolean> {
  return isUpToDate(app.get(GroundTruthDataSource)).catch(() => false);
}

/** @throws Failure if there is no usable key */
async function requireUsableKey(keys: ApiKeys, host: string): Promise<void> {
  if (await keys.hasUsable()) return;
  throw new Failure(
    `there is no API key yet, and the server on ${host} requires one; create it: ground-truth api-key create --name first --scope admin`,
  );
}

async function isLoopback(host: string): Promise<boolean> {
  const addresses = await lookup(host, { all: true }).catch(() => []);
  return addresses.length > 0 && addresses.every(({ address }) => isLoopbackAddress(address));
}

/** @returns the URL, which has the port that the system chose for port 0 */
async function listen(app: NestExpressApplication, host: string, port: number): Promise<string> {
  const server = app.getHttpServer();
  answerUnreadable(server);
  try {
    await app.listen(port, host);
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw new Failure(
      `cannot listen on ${toAuthority(host, port)}: ${reason}; change HOST or PORT, or use --host or --port`,
    );
  }
  const { port: actualPort } = app.getHttpServer().address() as AddressInfo;
  return `http://${toAuthority(host, actualPort)}`;
}

function greet(logger: JsonLogger, url: string): void {
  const greeting = `Ground Truth listens on ${url}, where the workbench is, with API documentation at ${url}/docs`;
  if (process.stderr.isTTY) process.stderr.write(`${greeting}\n`);
  else logger.log(greeting);
}

function toAuthority(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** @returns the signal */
async function askedToEnd(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const end = (signal: NodeJS.Signals) => {
      for (const name of SIGNALS) process.off(name, end);
      resolve(signal);
    };
    for (const name of SIGNALS) process.on(name, end);
  });
}

/** Ends the process even if the database no longer responds, which would block the shutdown forever. */
function endInAnyCase(logger: JsonLogger, seconds: number): void {
  setTimeout(
    () => {
      logger.error('the server did not shut down in time: the database does not respond');
      process.exit(ExitCode.Failed);
    },
    seconds * 1_000 + EXIT_TIMEOUT_MS,
  ).unref();
}

const TRANSFERS = ['export, batch or long read', 'exports, batches or long reads'] as const;

/**
 * Lets running exports end, refuses new ones, and reports not ready. After `seconds`, closing the application cuts off
 * exports; other responses are cut off here, after GRACE_MS more.
 */
async function drain(app: NestExpressApplication, logger: JsonLogger, seconds: number): Promise<void> {
  const transfers = app.get(Transfers);
  const running = transfers.count;
  if (running > 0)
    logger.log(`waiting up to ${counted(seconds, 'second')} for ${counted(running, ...TRANSFERS)}`);
  const time = sleep(seconds * 1_000, undefined, { ref: false });
  setTimeout(
    () => {
      app.getHttpServer().closeAllConnections();
    },
    seconds * 1_000 + GRACE_MS,
  ).unref();
  await Promise.race([transfers.refuse(), time]);
  const { count } = transfers;
  if (count > 0) logger.warn(`cutting off what did not end in time: ${counted(count, ...TRANSFERS)}`);
}
