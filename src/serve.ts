import { type AddressInfo } from 'node:net';
import { ConsoleLogger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { Env } from './config/env.js';
import { configureApp } from './configure-app.js';
import { GroundTruthDataSource } from './database/ground-truth-data-source.js';
import { migrate } from './database/migrate.js';
import { packageVersion } from './package-version.js';
import { Failure, systemReason } from './terminal/failure.js';

/** What comes before the environment's HOST and PORT. */
export interface ServeOptions {
  readonly host?: string;
  readonly port?: number;
}

/** Answers that are under way get that long to end once the server has been asked to. */
const GRACE_MS = 10_000;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Serves until a signal asks it to end; a second one ends the process at once.
 *
 * @throws Failure where it cannot listen, and what the database throws where it cannot be had
 */
export async function serve(options: ServeOptions = {}): Promise<void> {
  // From the start on: what has been started has to be given back.
  const ending = askedToEnd();
  const app = await NestFactory.create<NestExpressApplication>(AppModule, {
    // What fails before it listens is told by whoever called this.
    logger: false,
    abortOnError: false,
    bodyParser: false,
  });
  const env = app.get(Env);
  try {
    configureApp(app, env, packageVersion());
    if (env.GROUND_TRUTH_MIGRATE) await migrate(app.get(GroundTruthDataSource));
    await listen(app, options.host ?? env.HOST, options.port ?? env.PORT);
    app.useLogger(new ConsoleLogger({ logLevels: ['fatal', 'error', 'warn'] }));
    await ending;
    cutOffLater(app);
  } finally {
    await app.close();
  }
}

async function listen(app: NestExpressApplication, host: string, port: number): Promise<void> {
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
  process.stderr.write(`Ground Truth listens on ${url}, and explains itself at ${url}/docs\n`);
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

function cutOffLater(app: NestExpressApplication): void {
  setTimeout(() => {
    app.getHttpServer().closeAllConnections();
  }, GRACE_MS).unref();
}
