import { once } from 'node:events';
import { get, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import express, { type Response } from 'express';
import { Transfer } from './transfer.js';

const HEADERS = { 'Content-Type': 'application/x-ndjson' };
const LONG = 600;

let server: Server;
/** Handles a request: its response and the whole transfer. */
let answer: (response: Response) => Promise<void>;
/** The last transfer, and the error of its `send`. */
let transfer: Transfer;
let failure: unknown;
let ended: Promise<void>;
let closed: number;

beforeEach(async () => {
  failure = undefined;
  closed = 0;
  const app = express();
  app.get('/', (_, response) => {
    ended = answer(response);
  });
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

/** Answers the next request with `source`. */
function serve(source: AsyncIterable<Buffer>, stallSeconds = LONG): void {
  answer = async (response) => {
    transfer = new Transfer(response, stallSeconds, () => closed++);
    await transfer.send(HEADERS, source).catch((error: unknown) => {
      failure = error;
      response.req.socket.destroy();
    });
    transfer.close();
  };
}

async function ask(headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const { port } = server.address() as AddressInfo;
  const request = get({ port, host: '127.0.0.1', headers, agent: false });
  request.on('error', () => undefined);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

/** Blocks of 100 kB, more than pipes and sockets can buffer. `given` counts the blocks that were read. */
function blocks(count = 400) {
  const state = { given: 0, isReleased: false };
  const iterate = async function* () {
    try {
      for (; state.given < count; state.given++) yield await Promise.resolve(Buffer.alloc(100_000, 'x'));
    } finally {
      state.isReleased = true;
    }
  };
  return Object.assign(state, { [Symbol.asyncIterator]: iterate });
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setImmediate();
}

describe('Transfer', () => {
  it('sends all blocks, with the headers', async () => {
    const texts = ['{"a":1}\n', '', '{"b":2}\n'];
    serve(
      (async function* () {
        for (const text of texts) yield await Promise.resolve(Buffer.from(text));
      })(),
    );
    const response = await ask();
    expect((await buffer(response)).toString()).toBe(texts.join(''));
    expect([response.statusCode, response.headers['content-type'], response.headers.vary]).toEqual([
      200,
      'application/x-ndjson',
      'Accept-Encoding',
    ]);
    await ended;
    expect([transfer.outcome, failure, closed]).toEqual(['complete', undefined, 1]);
  });

  it('sends an empty body if there are no blocks', async () => {
    serve(blocks(0));
    const response = await ask();
    expect([response.statusCode, await buffer(response)]).toEqual([200, Buffer.alloc(0)]);
    await ended;
    expect(transfer.outcome).toBe('complete');
  });

  it.each([
    ['gzip', 'gzip'],
    ['br, gzip;q=0.5', 'gzip'],
    ['identity', undefined],
    ['gzip;q=0', undefined],
    ['identity, gzip;q=0.5', undefined],
  ])('encodes for a client that accepts %s as %s', async (accepted, encoding) => {
    serve(blocks(5));
    const response = await ask({ 'accept-encoding': accepted });
    const body = await buffer(response);
    expect(response.headers['content-encoding']).toBe(encoding);
    expect((encoding === 'gzip' ? gunzipSync(body) : body).length).toBe(500_000);
    await ended;
    expect(transfer.outcome).toBe('complete');
  });

  it('reads no further ahead than the client does', async () => {
    const source = blocks();
    serve(source);
    const response = await ask();
    response.pause();
    let before = -1;
    await until(() => {
      const isStill = source.given === before;
      before = source.given;
      return isStill && source.given > 0;
    });
    expect(source.given).toBeLessThan(300);
    expect((await buffer(response)).length).toBe(40_000_000);
    await ended;
    expect(transfer.outcome).toBe('complete');
  });

  it('cuts off a client that stops reading, and closes its source', async () => {
    const source = blocks();
    serve(source, 0.1);
    const response = await ask();
    const reset = once(response, 'error') as Promise<[NodeJS.ErrnoException]>;
    response.pause();
    await ended;
    expect([transfer.outcome, transfer.signal.aborted, source.isReleased, failure, closed]).toEqual([
      'reader_stalled',
      true,
      true,
      undefined,
      1,
    ]);
    response.resume();
    expect((await reset)[0].code).toBe('ECONNRESET');
  });

  it('detects that the client has left', async () => {
    const source = blocks();
    serve(source);
    (await ask()).destroy();
    await ended;
    expect([transfer.outcome, source.isReleased, failure]).toEqual(['reader_gone', true, undefined]);
  });

  it('detects that the client left before the first block', async () => {
    let give: () => void = () => undefined;
    const given = new Promise<void>((resolve) => (give = resolve));
    let begun = false;
    serve(
      (async function* () {
        begun = true;
        await given;
        yield Buffer.from('x');
      })(),
    );
    const { port } = server.address() as AddressInfo;
    const request = get({ port, host: '127.0.0.1', agent: false }).on('error', () => undefined);
    await until(() => begun);
    request.destroy();
    await until(() => transfer.signal.aborted);
    give();
    await ended;
    expect([transfer.outcome, failure]).toEqual(['reader_gone', undefined]);
  });

  it('resets the connection when it is cut, and keeps the first reason', async () => {
    serve(blocks());
    const response = await ask();
    const reset = once(response, 'error') as Promise<[NodeJS.ErrnoException]>;
    transfer.cut('shutdown');
    transfer.cut('key_revoked');
    response.resume();
    expect((await reset)[0].code).toBe('ECONNRESET');
    await ended;
    expect([transfer.outcome, failure]).toEqual(['shutdown', undefined]);
  });

  it('throws an error before the first block, and sends nothing', async () => {
    const broken = new Error('broken');
    answer = async (response) => {
      transfer = new Transfer(response, LONG, () => closed++);
      // eslint-disable-next-line @typescript-eslint/require-await, require-yield
      const source = (async function* (): AsyncGenerator<Buffer> {
        throw broken;
      })();
      failure = await transfer.send(HEADERS, source).catch((error: unknown) => error);
      transfer.close();
      response.status(503).end();
    };
    const response = await ask();
    await buffer(response);
    expect([failure, response.statusCode, response.headers['content-type']]).toEqual([
      broken,
      503,
      undefined,
    ]);
    expect([transfer.outcome, closed]).toEqual(['failed', 1]);
  });

  it('throws a later error', async () => {
    const broken = new Error('broken');
    serve(
      (async function* () {
        yield await Promise.resolve(Buffer.from('x'));
        throw broken;
      })(),
    );
    const response = await ask();
    await expect(buffer(response)).rejects.toThrow();
    await ended;
    expect([failure, transfer.outcome]).toEqual([broken, 'failed']);
  });

  it('has no listeners on the response once it is closed', async () => {
    let during = 0;
    let after = 0;
    answer = async (response) => {
      transfer = new Transfer(response, LONG, () => closed++);
      during = response.listenerCount('close');
      await transfer.send(HEADERS, blocks(1));
      transfer.close();
      after = response.listenerCount('close');
    };
    await buffer(await ask());
    await ended;
    expect(after).toBeLessThan(during);
  });
});
