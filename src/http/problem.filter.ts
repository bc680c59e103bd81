import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import { type Request, type Response } from 'express';
import { toDatabaseFault } from '../database/database-fault.js';
import { ParameterError } from '../parameters/read-dto.js';
import { type Problem, PROBLEM_MEDIA_TYPE, ProblemError, toProblem } from './problem.js';

/** Answers every error as a problem. */
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
      response.socket?.resetAndDestroy();
      return;
    }
    // `send` would add a charset, which JSON does not have.
    response.status(problem.status).setHeader('Content-Type', PROBLEM_MEDIA_TYPE);
    response.end(request.method === 'HEAD' ? undefined : JSON.stringify(problem));
  }

  private describe(error: unknown, { method, originalUrl }: Request): Problem {
    // Behind the prefix, Express's own `path` lacks it.
    const path = originalUrl.replace(/[?#].*$/, '');
    if (error instanceof ParameterError) {
      const detail = error.errors.map(({ field, message }) => `${field}: ${message}`).join('; ');
      return toProblem('invalid-parameters', detail, path, error.errors);
    }
    if (error instanceof ProblemError) return toProblem(error.kind, error.detail, path, error.errors);
    const status = statusOf(error);
    if (status === 413)
      return toProblem('payload-too-large', `more than ${limitOf(error)} bytes are not accepted`, path);
    if (status === 415)
      return toProblem('unsupported-media-type', 'this encoding of a body is not accepted', path);
    if (status === 404) return toProblem('not-found', `${method} ${path} does not exist; see /docs`, path);
    if (status >= 400 && status < 500) return toProblem('bad-request', 'the request cannot be read', path);
    const fault = toDatabaseFault(error);
    if (fault) {
      this.logger.warn(fault.message);
      const detail =
        fault.kind === 'not_migrated'
          ? 'the database has no Ground Truth tables yet'
          : 'try again in a moment';
      return toProblem('database-unavailable', detail, path);
    }
    this.logger.error(`${method} ${path} failed: ${describeInternal(error)}`);
    return toProblem('internal-error', 'the failure has been logged', path);
  }
}

/** Nest throws HttpExceptions; Express and its parsers throw errors that have a status. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const { status } = Object(error) as { status?: unknown };
  return typeof status === 'number' ? status : 500;
}

/** What Express's parsers say of a body that is too large. */
function limitOf(error: unknown): string {
  const { limit } = Object(error) as { limit?: unknown };
  return typeof limit === 'number' ? String(limit) : 'so many';
}

/** For the log: where it happened. A message from PostgreSQL may quote a document, so its code stands for it. */
function describeInternal(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const code = (error as { code?: unknown }).code;
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  return [`${error.name}${typeof code === 'string' ? ` ${code}` : ''}`, ...frames].join('\n');
}
