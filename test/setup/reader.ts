import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { get, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';

/**
 * Reads a response to the end with another program, because Node sometimes takes a reset after data for an ordinary end. In
 * HTTP/1.0, only the end of the connection marks the end of the response.
 */
export function startReader(version: '1.0' | '1.1', address: string): ChildProcessWithoutNullStreams {
  if (hasCurl) return spawn('curl', ['-s', `--http${version}`, address]);
  if (version === '1.1') return spawn(process.execPath, ['-e', READ_BY_FETCH, address]);
  const { port, pathname, search } = new URL(address);
  const request = `GET ${pathname}${search} HTTP/1.0\\r\\n\\r\\n`;
  return spawn('bash', ['-c', `exec 3<>/dev/tcp/127.0.0.1/${port}; printf '${request}' >&3; exec cat <&3`]);
}

/** Begins to read a response, and leaves the rest unread. */
export async function beginReading(
  address: string,
  headers: OutgoingHttpHeaders = {},
): Promise<IncomingMessage> {
  const request = get(address, { agent: false, headers });
  // Errors of the response are emitted here, too.
  request.on('error', () => undefined);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  await once(response, 'readable');
  return response;
}

const hasCurl = spawnSync('curl', ['--version']).status === 0;
const READ_BY_FETCH = `fetch(process.argv[1]).then(async ({ body }) => {
  for await (const chunk of body) process.stdout.write(chunk);
})`;
