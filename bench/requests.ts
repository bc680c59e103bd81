import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { type Server } from './processes.js';

/** A connection of its own for each request, as a download has. */
const agent = new Agent({ keepAlive: false });

/**
 * Asks for a corpus; the body is the caller's to read or to destroy.
 *
 * @throws Error where the server refuses
 */
export async function requestCorpus(
  server: Server,
  query: Readonly<Record<string, string>>,
): Promise<IncomingMessage> {
  const request = get(`${server.url}/api/v1/ground-truth/export?${String(new URLSearchParams(query))}`, {
    agent,
  });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  if (response.statusCode === 200) return response;
  response.destroy();
  throw new Error(`the server answered ${String(response.statusCode)} to ${JSON.stringify(query)}`);
}
