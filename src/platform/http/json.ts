import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { type Request, type Response } from 'express';
import { compact, JsonTextError, MAX_DEPTH } from '../../json-text/index.js';
import { readBody } from './body.js';
import { ProblemError } from './problem.js';

const JSON_MEDIA_TYPE = 'application/json';

/** The Express setting with the largest accepted body, in bytes. */
export const BODY_LIMIT = 'ground-truth body limit';

/** More than MAX_DEPTH, so that a value which is too deep is reported with its field, rather than the whole body. */
const BODY_DEPTH = 2 * MAX_DEPTH;

/**
 * The body of a request: one JSON value, as compact text. It is read here, after the guard, so that a client without a key cannot
 * fill the memory, and as bytes, because JSON.parse would convert numbers to JavaScript numbers.
 */
export const JsonBody = createParamDecorator(
  async (_: unknown, context: ExecutionContext): Promise<Buffer> => {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    // Null: there is no body.
    const type = request.is(JSON_MEDIA_TYPE);
    if (type === false)
      throw new ProblemError('unsupported-media-type', `the body must be ${JSON_MEDIA_TYPE}`);
    if (type === null) throw new ProblemError('invalid-body', 'the request has no body');
    const body = await readBody(request, http.getResponse<Response>(), request.app.get(BODY_LIMIT) as number);
    try {
      return compact(body, BODY_DEPTH);
    } catch (error) {
      if (error instanceof JsonTextError)
        throw new ProblemError('invalid-body', `the body is not JSON: ${error.message}`);
      throw error;
    }
  },
);

/** Sends JSON text unchanged. Express's `json` would add a charset; JSON has none. */
export function sendJson(response: Response, status: number, text: string | Buffer): void {
  response.status(status).setHeader('Content-Type', JSON_MEDIA_TYPE);
  response.end(text);
}
