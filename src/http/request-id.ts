import { randomUUID } from 'node:crypto';
import { type IncomingMessage } from 'node:http';
import { type RequestHandler } from 'express';
import { holdsSecret } from '../access/secret.js';

const HEADER = 'X-Request-Id';
/** What is safe to repeat in a header and in a log. */
const ACCEPTED = /^[\w.:/+=@-]{1,128}$/;

const ids = new WeakMap<IncomingMessage, string>();

/** Takes over the id that a proxy or a client gave the request, or gives it one, and sends it back. */
export const giveRequestId: RequestHandler = (request, response, next) => {
  const given = request.get(HEADER);
  const isFit = given !== undefined && ACCEPTED.test(given) && !holdsSecret(given);
  const id = isFit ? given : randomUUID();
  ids.set(request, id);
  response.setHeader(HEADER, id);
  next();
};

export function requestIdOf(request: IncomingMessage): string | undefined {
  return ids.get(request);
}
