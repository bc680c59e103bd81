import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { raw, type Request, type Response } from 'express';
import { compact, JsonTextError, MAX_DEPTH } from '../../json-text/index.js';
import { ProblemError } from './problem.js';

const JSON_MEDIA_TYPE = 'application/json';

/** By which name Express knows the largest body that is read, in bytes. */
export const BODY_LIMIT = 'ground-truth body limit';

/** A body may be an object around a value that is as deep as one may be; then the value is named, not the body. */
const BODY_DEPTH = 2 * MAX_DEPTH;

/**
 * The body of a request: one JSON value, as compact text. It is read here, behind the guard, so that nobody without a key
 * fills the memory.
 */
export const JsonBody = createParamDecorator(
  async (_: unknown, context: ExecutionContext): Promise<Buffer> => {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    await read(request, http.getResponse<Response>());
    const body: unknown = request.body;
    if (!Buffer.isBuffer(body)) {
      if (request.is(JSON_MEDIA_TYPE) === false)
        throw new ProblemError('unsupported-media-type', `the body has to be ${JSON_MEDIA_TYPE}`);
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

/** As bytes: JSON.parse would make JavaScript's numbers of all that reviewers and pipelines send. */
async function read(request: Request, response: Response): Promise<void> {
  const limit = request.app.get(BODY_LIMIT) as number;
  await new Promise<void>((resolve, reject) => {
    raw({ type: JSON_MEDIA_TYPE, limit })(request, response, (error?: Error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Sends JSON text as it is. Express's own way would add a charset, which JSON does not have. */
export function sendJson(response: Response, status: number, text: string | Buffer): void {
  response.status(status).setHeader('Content-Type', JSON_MEDIA_TYPE);
  response.end(text);
}
