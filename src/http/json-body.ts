import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { type Request } from 'express';
import { compact, MAX_DEPTH } from '../json-text/compact.js';
import { JsonTextError } from '../json-text/json-text-error.js';
import { ProblemError } from './problem.js';

/** What `configureApp` leaves as bytes: numbers must not become JavaScript's. */
export const JSON_MEDIA_TYPE = 'application/json';

/** A body may be an object around a value that is as deep as one may be; then the value is named, not the body. */
const BODY_DEPTH = 2 * MAX_DEPTH;

/** The body of a request: one JSON value, as compact text. */
export const JsonBody = createParamDecorator((_: unknown, context: ExecutionContext): Buffer => {
  const request = context.switchToHttp().getRequest<Request>();
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
});
