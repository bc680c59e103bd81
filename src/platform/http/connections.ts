import { type RequestHandler, type Response } from 'express';
import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import { type Duplex } from 'node:stream';
import { type Problem, PROBLEM_MEDIA_TYPE, type ProblemKind, toProblem } from './problem.js';
import { pathOf } from './request.js';

/** Node's default limit for a request. */
const MAX_BODY_MS = 300_000;

/** Real clients send all headers at once; slow ones may be an attack that holds connections open. */
const HEADERS_MS = 15_000;

/** How often Node looks for connections that are beyond HEADERS_MS. Its default is 30 seconds. */
const CHECK_MS = 1_000;

/** Longer than proxies usually keep an idle connection, so that none sends a request on a connection being closed. */
const KEEP_ALIVE_MS = 75_000;

/**
 * The time for a client to read the last answer, while the rest of what it sends is discarded. Destroyed at once, the connection
 * could be reset before the client has read it.
 */
const LINGER_MS = 5_000;

/** The least time between two lines of the log about refused connections. */
const SAY_AGAIN_MS = 60_000;

/**
 * Limits how many connections the server has, and how long each may take to send the headers of a request, also of the first.
 * Call it before the server listens.
 *
 * @param mostConnections further ones are closed at once
 * @param onRefused is called when connections are refused, at most once a minute
 */
export function limitConnections(server: Server, mostConnections: number, onRefused: () => void): void {
  server.maxConnections = mostConnections;
  let saidAt = -Infinity;
  server.on('drop', () => {
    const now = performance.now();
    if (now - saidAt < SAY_AGAIN_MS) return;
    saidAt = now;
    onRefused();
  });
  server.headersTimeout = HEADERS_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  // `breakOffSlowSenders` limits bodies.
  server.requestTimeout = 0;
  // An option of `createServer`, which Nest calls without options. Node reads it when the server begins to listen.
  Object.assign(server, { connectionsCheckingInterval: CHECK_MS });
}

/** The most requests of a connection that may wait for the answer to another one. Those who send so many at once send on. */
const MAX_WAITING_REQUESTS = 100;

const waitingRequests = new WeakMap<Duplex, number>();

/**
 * Begins with a request only when the answers to all earlier ones of its connection have ended. Node would begin at once, and hold
 * the answer back. It does not tell such an answer that the connection has ended: whatever it had opened would stay open.
 */
export const oneByOne: RequestHandler = (request, response, next) => {
  // Node's types do not say that it is null for an answer that is not yet due.
  const { socket: turn } = response as { socket: Duplex | null };
  if (turn) {
    next();
    return;
  }
  const { socket } = request;
  const count = (waitingRequests.get(socket) ?? 0) + 1;
  waitingRequests.set(socket, count);
  if (count > MAX_WAITING_REQUESTS) socket.destroy();
  response.once('socket', () => {
    waitingRequests.set(socket, waitingRequests.get(socket)! - 1);
    next();
  });
};

const ending = new WeakSet<Duplex>();

/** Ends a connection, after `last`. The rest of what the client sends is discarded, for LINGER_MS. */
function endSoon(socket: Duplex, last?: string): void {
  ending.add(socket);
  socket.end(last);
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => {
    clearTimeout(timer);
  });
}

/** Requests whose client waits for the interim response 100 before it sends the body. */
const waiting = new WeakSet<IncomingMessage>();

/** To be called before a body is read, and only when nothing speaks against reading it. */
export function acceptBody(request: IncomingMessage, response: ServerResponse): void {
  if (waiting.delete(request)) response.writeContinue();
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/** Ends the connection after an answer that comes before the whole body: the rest of it is not worth reading. */
export const endAfterEarlyAnswers: RequestHandler = (request, response, next) => {
  if (hasBody(request)) {
    const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => Response;
    response.writeHead = (...args: unknown[]) => {
      if (!request.complete) {
        response.setHeader('Connection', 'close').once('finish', () => request.resume());
        // Node calls it after the answer.
        request.socket.destroySoon = () => {
          endSoon(request.socket);
        };
      }
      return writeHead(...args);
    };
  }
  next();
};

const timers = new WeakMap<IncomingMessage, NodeJS.Timeout>();

/**
 * Aborts requests whose body takes too long, whether it is read or not. Replaces Node's limit, which would apply to batches,
 * too: `mayTakeLong` exempts them.
 */
export const breakOffSlowSenders: RequestHandler = (request, _response, next) => {
  if (hasBody(request)) {
    const timer = setTimeout(() => request.destroy(), MAX_BODY_MS).unref();
    timers.set(request, timer);
    const stop = () => {
      clearTimeout(timer);
    };
    request.once('end', stop).once('close', stop);
  }
  next();
};

/** Exempts a request from the limit. The caller must detect a body that stops arriving. */
export function mayTakeLong(request: IncomingMessage): void {
  clearTimeout(timers.get(request));
}

/** The problems for the error codes of Node's HTTP parser. */
const KINDS: Readonly<Record<string, ProblemKind>> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
};

const DETAILS: Partial<Record<ProblemKind, string>> = {
  'headers-too-large': 'the headers are longer than 16 KB',
  'request-timeout': 'the headers took too long to arrive',
  'expectation-failed': 'the only accepted expectation is 100-continue',
};

/** Answers malformed requests, which reach no route, with a problem. Leaves the interim response 100 to `acceptBody`. */
export function answerUnreadable(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // What follows a malformed request is malformed, too.
    if (ending.has(socket)) return;
    // The client has left, or a response has begun already.
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) {
      socket.destroy();
      return;
    }
    const problem = describe(KINDS[error.code ?? ''] ?? 'bad-request', '');
    const body = JSON.stringify(problem);
    endSoon(
      socket,
      [
        `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
        'Connection: close',
        `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
        `Content-Length: ${Buffer.byteLength(body)}`,
        `X-Request-Id: ${randomUUID()}`,
        '',
        body,
      ].join('\r\n'),
    );
  });
  server.on('checkExpectation', (request, response) => {
    const problem = describe('expectation-failed', pathOf(request.url ?? ''));
    response.writeHead(problem.status, {
      'Content-Type': PROBLEM_MEDIA_TYPE,
      'X-Request-Id': randomUUID(),
      Connection: 'close',
    });
    response.end(JSON.stringify(problem));
  });
  server.on('checkContinue', (request, response) => {
    waiting.add(request);
    server.emit('request', request, response);
  });
}

/** A problem in the middle of another response would look like a part of it. */
function isAnswering(socket: Duplex): boolean {
  const { _httpMessage: answer } = socket as Duplex & { _httpMessage?: { headersSent: boolean } | null };
  return answer?.headersSent === true;
}

function describe(kind: ProblemKind, path: string): Problem {
  return toProblem(kind, DETAILS[kind] ?? 'the request cannot be read', path);
}
