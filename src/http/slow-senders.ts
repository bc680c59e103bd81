import { type IncomingMessage } from 'node:http';
import { type RequestHandler } from 'express';

/** As long as Node itself gives a request. */
const MOST_MS = 300_000;

const timers = new WeakMap<IncomingMessage, NodeJS.Timeout>();

/**
 * Breaks off requests whose body takes too long, whether anybody waits for it or not. Node's own limit is one for all
 * requests, and a batch may take as long as it goes on: `mayTakeLong` says so.
 */
export const breakOffSlowSenders: RequestHandler = (request, _response, next) => {
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || (request.headers['content-length'] ?? '0') !== '0';
  if (hasBody) {
    const timer = setTimeout(() => request.destroy(), MOST_MS).unref();
    timers.set(request, timer);
    const stop = () => {
      clearTimeout(timer);
    };
    request.once('end', stop).once('close', stop);
  }
  next();
};

/** Of a request whose body is read as it comes, by somebody who notices when it stops coming. */
export function mayTakeLong(request: IncomingMessage): void {
  clearTimeout(timers.get(request));
}
