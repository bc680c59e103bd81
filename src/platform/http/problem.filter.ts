import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  Injectable,
  Logger,
  NotFoundException,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import { type DatabaseFault, toDatabaseFault } from '../database/database-fault.js';
import { errorCode } from '../files/system-error.js';
import { Fault } from '../fault.js';
import { basePathOf } from './base-path.js';
import {
  ACCESS_LOG_UNAVAILABLE,
  isProblemKind,
  KEYS_UNAVAILABLE,
  type Problem,
  PROBLEM_MEDIA_TYPE,
  ProblemError,
  type ProblemKind,
  READ_ONLY,
  statusOfProblem,
  toProblem,
} from './problem.js';
import { methodsAt, pathOf, requestIdOf, routeOf } from './request.js';

/** What clients are told. The message of the fault is for the log. */
const DETAILS: Readonly<Record<Exclude<DatabaseFault['kind'], 'too_slow' | 'read_only'>, string>> = {
  unavailable: 'try again in a moment',
  disk_full: 'the disk of the database is full, and nothing was changed; try again when there is space',
  not_migrated: 'the database lacks tables of this version of Ground Truth',
  replay_conflict:
    'the replica ended the query to go on replaying changes; try again, or ask the server of the primary',
  not_permitted: 'the role of the server lacks a right on the database; the log of the server names it',
};

/** What clients are told of faults of the server's own. */
const HIDDEN: Partial<Record<ProblemKind, string>> = {
  'keys-unavailable': KEYS_UNAVAILABLE,
  'access-log-unavailable': ACCESS_LOG_UNAVAILABLE,
};

/** Answers every error with a problem. */
@Injectable()
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<Request>(), http.getResponse<Response>());
  }

  answer(error: unknown, request: Request, response: Response): void {
    const problem = this.describe(error, request);
    if (response.headersSent) {
      request.socket.resetAndDestroy();
      return;
    }
    if (error instanceof ProblemError) response.set(error.headers);
    if (problem.status === 405) response.set('Allow', methodsAt(request).join(', '));
    // Not `send`, which would add a charset; JSON has none.
    response.status(problem.status).setHeader('Content-Type', PROBLEM_MEDIA_TYPE);
    response.end(request.method === 'HEAD' ? undefined : JSON.stringify(problem));
  }

  private describe(error: unknown, request: Request): Problem {
    const { method, originalUrl } = request;
    const base = basePathOf(request);
    // As the client has sent it. Not Express's `path`, which lacks the prefix.
    const path = base + pathOf(originalUrl);
    const request_id = requestIdOf(request);
    if (error instanceof Fault && isProblemKind(error.kind)) {
      const { kind } = error;
      // A ProblemError describes the request. Other faults may describe the server, so their message is only logged.
      if (statusOfProblem(kind) >= 500 && !(error instanceof ProblemError))
        this.logger.error({ request_id, message: error.message });
      const detail = HIDDEN[kind] ?? error.message.replaceAll('\n', '; ');
      return toProblem(kind, detail, path, error.errors);
    }
    const status = statusOf(error);
    if (status === 404) {
      const methods = methodsAt(request);
      return methods.length === 0
        ? toProblem('not-found', `${method} ${path} does not exist; see ${base}/docs`, path)
        : toProblem(
            'method-not-allowed',
            `${method} is not accepted; accepted are ${methods.join(', ')}`,
            path,
          );
    }
    if (status >= 400 && status < 500) return toProblem('bad-request', 'the request cannot be read', path);
    const fault = toDatabaseFault(error);
    if (fault?.kind === 'read_only') return toProblem('read-only', READ_ONLY, path);
    if (fault) {
      this.logger.warn({ request_id, message: fault.message });
      if (fault.kind === 'too_slow') return toProblem('query-too-slow', fault.message, path);
      return toProblem('database-unavailable', DETAILS[fault.kind], path);
    }
    const route = routeOf(request) ?? 'a request';
    this.logger.error({ request_id, message: `${method} ${route} failed: ${describeInternal(error)}` });
    return toProblem('internal-error', 'the failure has been logged', path);
  }
}

/** Nest throws HttpExceptions; Express throws errors that have a status. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const { status } = Object(error) as { status?: unknown };
  return typeof status === 'number' ? status : 500;
}

/** For the log. A message of PostgreSQL may quote a document, so its code replaces it. */
function describeInternal(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const code = errorCode(error);
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  return [`${error.name}${code === undefined ? '' : ` ${code}`}`, ...frames].join('\n');
}

/** Answers requests outside of Nest's prefix, to which Express would answer with HTML and a stack. */
@Injectable()
export class Fallback implements OnApplicationBootstrap {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly filter: ProblemFilter,
  ) {}

  /** All other routes are registered by now, so these are last. */
  onApplicationBootstrap(): void {
    const express = this.host.httpAdapter.getInstance<Express>();
    express.use(this.answerUnknown).use(this.answerError);
  }

  private readonly answerUnknown: RequestHandler = (request, response) => {
    this.filter.answer(new NotFoundException(), request, response);
  };

  /** Express recognises an error handler by its four parameters. */
  private readonly answerError: ErrorRequestHandler = (error: unknown, request, response, _next) => {
    this.filter.answer(error, request, response);
  };
}
