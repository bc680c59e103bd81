import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';

/** A proxy on loopback. */
export interface ReverseProxy {
  /** With the prefix, without a slash at the end. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts a proxy that passes what is below `prefix` on to the server, without the prefix, and answers 404 to the rest.
 *
 * @param headers are added to each request, in place of those of the client
 */
export async function startReverseProxy(
  target: { readonly port: number },
  prefix: string,
  headers: Record<string, string> = {},
): Promise<ReverseProxy> {
  const proxy = createServer((incoming, answer) => {
    const { url = '', method } = incoming;
    if (!url.startsWith(`${prefix}/`)) {
      answer.writeHead(404).end();
      return;
    }
    const outgoing = request({
      host: '127.0.0.1',
      port: target.port,
      path: url.slice(prefix.length),
      method,
      headers: { ...incoming.headers, ...headers },
    });
    outgoing.on('response', (response) => {
      answer.writeHead(response.statusCode!, response.headers);
      pipeline(response, answer, () => undefined);
    });
    pipeline(incoming, outgoing, (error) => {
      if (error) answer.destroy();
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${prefix}`,
    stop: async () => {
      proxy.close().closeAllConnections();
      await once(proxy, 'close');
    },
  };
}
