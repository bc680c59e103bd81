import { type RequestHandler } from 'express';
import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import { type Duplex } from 'node:stream';
import { type Problem, PROBLEM_MEDIA_TYPE, type ProblemKind, toProblem } from './problem.js';
import { pathOf } from './request.js';

/** Node's default limit for a request. */
const MAX_BODY_MS = 300_000;

const timers = new WeakMap<IncomingMessage, NodeJS.Timeout>();

/**
 * Aborts requests whose body takes too long, whether it is read or not. Replaces Node's limit, which would apply to batches,
 * too: `mayTakeLong` exempts them.
 */
export const breakOffSlowSenders: RequestHandler = (request, _response, next) => {
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || (request.headers['content-length'] ?? '0') !== '0';
  if (hasBody) {
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

/** Answers malformed requests, which reach no route, with a problem. */
export function answerUnreadable(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // The client has left, or a response has begun already.
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) {
      socket.destroy();
      return;
    }
    const problem = describe(KINDS[error.code ?? ''] ?? 'bad-request', '');
    const body = JSON.stringify(problem);
    socket.end(
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
}

/** A problem in the middle of another response would look like a part of it. */
function isAnswering(socket: Duplex): boolean {
  const { _httpMessage: answer } = socket as Duplex & { _httpMessage?: { headersSent: boolean } | null };
  return answer?.headersSent === true;
}

function describe(kind: ProblemKind, path: string): Problem {
  return toProblem(kind, DETAILS[kind] ?? 'the request cannot be read', path);
}
