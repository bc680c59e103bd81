import { Injectable, Logger } from '@nestjs/common';
import { type RequestHandler } from 'express';
import { requestIdOf, routeOf } from '../http/request.js';
import { requesterOf } from '../http/access-control.js';
import { Metrics } from './metrics.js';

/** Not logged, because monitoring requests them all the time. */
const QUIET = ['/healthz', '/readyz', '/metrics'];

/** Logs and counts every request when it has ended. */
@Injectable()
export class RequestLog {
  private readonly logger = new Logger('Http');

  constructor(private readonly metrics: Metrics) {}

  /** Must come right after `oneByOne`. */
  readonly note: RequestHandler = (request, response, next) => {
    const start = performance.now();
    response.once('close', () => {
      const milliseconds = performance.now() - start;
      // The pattern of the route, not the path and the query, which may contain names of people.
      const route = routeOf(request) ?? 'none';
      const { method } = request;
      const status = response.headersSent ? response.statusCode : undefined;
      this.metrics.countRequest(method, route, status ?? 'none', milliseconds / 1_000);
      const line = {
        request_id: requestIdOf(request),
        method,
        route,
        status,
        duration_ms: Math.round(milliseconds * 10) / 10,
        ...(!response.writableFinished && { is_broken_off: true }),
        key: requesterOf(request)?.name,
        message: 'request',
      };
      if (QUIET.includes(route)) this.logger.debug(line);
      else this.logger.log(line);
    });
    next();
  };
}
