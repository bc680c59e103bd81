import { type RequestHandler } from 'express';
import { type IncomingMessage } from 'node:http';
import { toBasePath } from '../config/base-path.js';
import { type Env } from '../config/env.js';
import { ProblemError } from './problem.js';

const HEADER = 'X-Forwarded-Prefix';

const basePaths = new WeakMap<IncomingMessage, string>();

/** What a proxy has taken away from the front of the request's path: `/ground-truth`, or nothing. */
export function basePathOf(request: IncomingMessage): string {
  return basePaths.get(request) ?? '';
}

/** Notes the base path of each request: what a trusted proxy says, or what is configured. */
export function noteBasePath({
  GROUND_TRUTH_BASE_PATH: configured = '',
  GROUND_TRUTH_TRUST_PROXY: trusts,
}: Env): RequestHandler {
  return (request, _response, next) => {
    const told = trusts ? request.get(HEADER) : undefined;
    const path = told === undefined ? configured : toBasePath(told);
    if (path === undefined) {
      const message = 'is not a path such as /ground-truth';
      next(new ProblemError('invalid-header', `${HEADER} ${message}`, [{ field: HEADER, message }]));
      return;
    }
    basePaths.set(request, path);
    next();
  };
}
