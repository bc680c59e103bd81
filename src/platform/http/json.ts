import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { raw, type Request, type Response } from 'express';
import { compact, JsonTextError, MAX_DEPTH } from '../../json-text/index.js';
import { ProblemError } from './problem.js';

const JSON_MEDIA_TYPE = 'application/json';

/** The Express setting with the largest accepted body, in bytes. */
export const BODY_LIMIT = 'ground-truth body limit';

/** More than MAX_DEPTH, so that a value which is too deep is reported with its field, rather than the whole body. */
const BODY_DEPTH = 2 * MAX_DEPTH;

/**
 * The body of a request: one JSON value, as compact text. It is read here, after the guard, so that a client without a key cannot
 * fill the memory.
 */
export const JsonBody = createParamDecorator(
  async (_: unknown, context: ExecutionContext): Promise<Buffer> => {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    await read(request, http.getResponse<Response>());
    const body: unknown = request.body;
    if (!Buffer.isBuffer(body)) {
      if (request.is(JSON_MEDIA_TYPE) === false)
        throw new ProblemError('unsupported-media-type', `the body must be ${JSON_MEDIA_TYPE}`);
      throw new ProblemError('invalid-body', 'the request has no body');
    }
    try {
      return compact(body, BODY_DEPTH);
    } catch (error) {
      if (error instanceof JsonTextError)
        throw new ProblemError('invalid-body', `the body is not JSON: ${error.message}`);
      throw error;
    }
  },
);

/** Reads the body as bytes, because JSON.parse would convert numbers to JavaScript numbers. */
async function read(request: Request, response: Response): Promise<void> {
  const limit = request.app.get(BODY_LIMIT) as number;
  await new Promise<void>((resolve, reject) => {
    raw({ type: JSON_MEDIA_TYPE, limit })(request, response, (error?: Error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Sends JSON text unchanged. Express's `json` would add a charset; JSON has none. */
export function sendJson(response: Response, status: number, text: string | Buffer): void {
  response.status(status).setHeader('Content-Type', JSON_MEDIA_TYPE);
  response.end(text);
}
