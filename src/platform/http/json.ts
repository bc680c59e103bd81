import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { type Request, type Response } from 'express';
import { readBody } from './body.js';
import { ProblemError } from './problem.js';

const JSON_MEDIA_TYPE = 'application/json';

/** The most characters of a Content-Type that a problem repeats. */
const MOST_SHOWN = 100;

/** The Express setting with the largest accepted body, in bytes. */
export const BODY_LIMIT = 'ground-truth body limit';

/**
 * The bytes of a request's JSON body, not checked yet. It is read here, after the guard, so that a client without a key cannot fill
 * the memory. The argument is another media type that is accepted.
 */
export const JsonBody = createParamDecorator(
  async (other: string | undefined, context: ExecutionContext): Promise<Buffer> => {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const accepted = [JSON_MEDIA_TYPE, ...(other === undefined ? [] : [other])];
    // Null: there is no body.
    const type = request.is(accepted);
    if (type === false) {
      const given = request.get('content-type');
      throw new ProblemError(
        'unsupported-media-type',
        `the body must be ${accepted.join(' or ')}; its Content-Type is ${given === undefined ? 'missing' : JSON.stringify(given.slice(0, MOST_SHOWN))}`,
      );
    }
    if (type === null) throw new ProblemError('invalid-body', 'the request has no body');
    return readBody(request, http.getResponse<Response>(), request.app.get(BODY_LIMIT) as number);
  },
);

/** Sends JSON text unchanged. Express's `json` would add a charset; JSON has none. */
export function sendJson(response: Response, status: number, text: string | Buffer): void {
  response.status(status).setHeader('Content-Type', JSON_MEDIA_TYPE);
  response.end(text);
}
