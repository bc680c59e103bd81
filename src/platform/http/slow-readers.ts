import { type RequestHandler, type Response } from 'express';
import { ProblemError } from './problem.js';

/** Resets the connection of a client that has read nothing of its response for `seconds`. */
export function cutOffSlowReaders(seconds: number): RequestHandler {
  return (request, response, next) => {
    whenStalled(response, seconds, () => {
      request.socket.resetAndDestroy();
    });
    next();
  };
}

/**
 * Calls `cut` when the client has read nothing for `seconds` of what waits for it. Node looks at what the system has sent, so a client
 * that reads slowly is not cut, however long one write is. Replaces an earlier `cut`.
 */
export function whenStalled(response: Response, seconds: number, cut: () => void): void {
  const { socket } = response.req;
  response.removeAllListeners('timeout');
  response.setTimeout(seconds * 1_000, () => {
    // Without anything to read, the client waits for this server.
    if (socket.writableLength > 0) cut();
    else socket.setTimeout(seconds * 1_000);
  });
}

/** The most bytes of large answers that may wait for their readers, of all requests together. One is always sent. */
const MAX_WAITING_BYTES = 256 * 1024 * 1024;
const RETRY_AFTER_SECONDS = 10;

let waiting = 0;

/**
 * Reserves memory for an answer until it was read.
 *
 * @throws ProblemError if too much waits already
 */
export function reserveAnswer(response: Response, bytes: number): void {
  if (waiting > 0 && waiting + bytes > MAX_WAITING_BYTES)
    throw new ProblemError(
      'too-many-transfers',
      `large answers of ${waiting.toLocaleString('en')} bytes wait for their readers; try again in ${RETRY_AFTER_SECONDS} seconds`,
      undefined,
      { 'Retry-After': String(RETRY_AFTER_SECONDS) },
    );
  if (response.closed) return;
  waiting += bytes;
  response.once('close', () => {
    waiting -= bytes;
  });
}
