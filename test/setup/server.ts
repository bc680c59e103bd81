import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type CliRun, endOf, startCli } from './cli.js';

/** A server in a separate process. */
export interface TestServer {
  /** Without a path and a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Sends a signal, by default SIGTERM, and waits for the end of the process. */
  stop(signal?: NodeJS.Signals): Promise<CliRun>;
}

/** Starts the built server on a free port of 127.0.0.1. */
export async function startServer(env: NodeJS.ProcessEnv): Promise<TestServer> {
  const child = startCli(['serve', '--port', '0'], { env });
  const end = endOf(child);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  for (;;) {
    const [, port] = /listens on http:\/\/127\.0\.0\.1:([0-9]+)/.exec(said) ?? [];
    if (port !== undefined) {
      return {
        url: `http://127.0.0.1:${port}`,
        port: Number(port),
        stop: (signal = 'SIGTERM') => {
          child.kill(signal);
          return end;
        },
      };
    }
    const next = await Promise.race([end, once(child.stderr, 'data')]);
    if ('code' in next) throw new Error(`the server ended: ${next.stderr}`);
  }
}

/** Finds a free port of 127.0.0.1, for a server that does not log its port. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
