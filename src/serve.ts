import { lookup } from 'node:dns/promises';
import { type AddressInfo, BlockList, isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { ApiKeys } from './platform/access/api-keys.js';
import { AppModule } from './app.module.js';
import { Env } from './platform/config/env.js';
import { configureApp } from './configure-app.js';
import { GroundTruthDataSource } from './platform/database/ground-truth-data-source.js';
import { migrate } from './platform/database/migrate.js';
import { answerUnreadable } from './platform/http/connections.js';
import { Transfers } from './platform/http/transfers.js';
import { JsonLogger } from './platform/operations/json-logger.js';
import { packageVersion } from './platform/config/package-version.js';
import { ExitCode, Failure, systemReason } from './platform/terminal/failure.js';

/** What comes before the environment's HOST and PORT. */
export interface ServeOptions {
  readonly host?: string;
  readonly port?: number;
}

/** After exports have been given their time, other answers get that long to end. */
const GRACE_MS = 1_000;

/** And then the process has that long to give back what it holds. */
const EXIT_TIMEOUT_MS = 10_000;

/** Headers come in one go, unless somebody holds connections open to keep others out. */
const HEADERS_MS = 15_000;

/** Longer than proxies keep an idle connection, so that they do not send a request while it is being closed. */
const KEEP_ALIVE_MS = 75_000;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Serves until a signal asks it to end; a second one ends the process at once.
 *
 * @throws Failure where it cannot listen or has no key, and what the database throws where it cannot be had
 */
export async function serve(options: ServeOptions = {}): Promise<void> {
  // From the start on: what has been started has to be given back.
  const ending = askedToEnd();
  const env = Env.read();
  const host = options.host ?? env.HOST;
  const isPrivate = await isLoopback(host);
  // As soon as others than this machine can reach the server, requests need a key.
  const authentication = env.GROUND_TRUTH_AUTH ?? (isPrivate ? 'none' : 'required');
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(env, authentication), {
    // The caller reports what fails before the server listens.
    logger: false,
    abortOnError: false,
    bodyParser: false,
  });
  try {
    configureApp(app, env, packageVersion());
    if (env.GROUND_TRUTH_MIGRATE) await migrate(app.get(GroundTruthDataSource));
    const logger = new JsonLogger(env.GROUND_TRUTH_LOG_LEVEL);
    if (authentication === 'required') await requireUsableKey(app.get(ApiKeys), host);
    else if (!isPrivate) logger.warn(WITHOUT_KEYS);
    await listen(app, logger, host, options.port ?? env.PORT);
    app.useLogger(logger);
    await ending;
    endInAnyCase(logger, env.GROUND_TRUTH_SHUTDOWN_SECONDS);
    await drain(app, env.GROUND_TRUTH_SHUTDOWN_SECONDS);
  } finally {
    await app.close();
  }
}

const WITHOUT_KEYS = 'whoever reaches the server can read every document: GROUND_TRUTH_AUTH is none';

/** @throws Failure where there is no usable key */
async function requireUsableKey(keys: ApiKeys, host: string): Promise<void> {
  if (await keys.hasUsable()) return;
  throw new Failure(
    `there is no API key yet, so nobody could use the server on ${host}; make one: ground-truth api-key create --name first --scope admin`,
  );
}

async function isLoopback(host: string): Promise<boolean> {
  const addresses = await lookup(host, { all: true }).catch(() => []);
  return (
    addresses.length > 0 &&
    addresses.every(({ address }) => LOOPBACK.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'))
  );
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

async function listen(
  app: NestExpressApplication,
  logger: JsonLogger,
  host: string,
  port: number,
): Promise<void> {
  const server = app.getHttpServer();
  server.headersTimeout = HEADERS_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  // Of bodies, `breakOffSlowSenders` takes care.
  server.requestTimeout = 0;
  answerUnreadable(server);
  try {
    await app.listen(port, host);
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw new Failure(
      `cannot listen on ${toAuthority(host, port)}: ${reason}; HOST, PORT, --host and --port say where to`,
    );
  }
  const { port: actualPort } = app.getHttpServer().address() as AddressInfo;
  const url = `http://${toAuthority(host, actualPort)}`;
  const greeting = `Ground Truth listens on ${url}, and explains itself at ${url}/docs`;
  if (process.stderr.isTTY) process.stderr.write(`${greeting}\n`);
  else logger.log(greeting);
}

function toAuthority(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

async function askedToEnd(): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = () => {
      for (const name of SIGNALS) process.off(name, end);
      resolve();
    };
    for (const name of SIGNALS) process.on(name, end);
  });
}

/** A database that has fallen silent would hold the process for ever. */
function endInAnyCase(logger: JsonLogger, seconds: number): void {
  setTimeout(
    () => {
      logger.error('the server could not end in time: the database does not answer');
      process.exit(ExitCode.Failed);
    },
    seconds * 1_000 + EXIT_TIMEOUT_MS,
  ).unref();
}

/**
 * Exports may end, but no others begin, and readiness says so. What is left after that time is cut off: exports by the
 * application as it closes, other answers here.
 */
async function drain(app: NestExpressApplication, seconds: number): Promise<void> {
  const time = sleep(seconds * 1_000, undefined, { ref: false });
  setTimeout(
    () => {
      app.getHttpServer().closeAllConnections();
    },
    seconds * 1_000 + GRACE_MS,
  ).unref();
  await Promise.race([app.get(Transfers).refuse(), time]);
}
