import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { type Request, type Response } from 'express';
import { ProblemError } from '../../platform/http/problem.js';
import { ProblemFilter } from '../../platform/http/problem.filter.js';
import { CorpusFault } from '../corpus-fault.js';

/** Answers a fault as the problem of the same name. */
@Catch(CorpusFault)
export class CorpusFaultFilter implements ExceptionFilter<CorpusFault> {
  private readonly problems = new ProblemFilter();

  catch({ kind, message, field }: CorpusFault, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const problem =
      field === undefined
        ? new ProblemError(kind, message)
        : new ProblemError(kind, `${field}: ${message}`, [{ field, message }]);
    this.problems.answer(problem, http.getRequest<Request>(), http.getResponse<Response>());
  }
}
