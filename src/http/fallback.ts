import { Injectable, NotFoundException, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import { ProblemFilter } from './problem.filter.js';

/** Answers what no route has: Nest looks after its own prefix only, and Express would answer with HTML and a stack. */
@Injectable()
export class Fallback implements OnApplicationBootstrap {
  private readonly filter = new ProblemFilter();

  constructor(private readonly host: HttpAdapterHost) {}

  /** All routes stand by now, so these come last. */
  onApplicationBootstrap(): void {
    const express = this.host.httpAdapter.getInstance<Express>();
    express.use(this.answerUnknown).use(this.answerError);
  }

  private readonly answerUnknown: RequestHandler = (request, response) => {
    this.filter.answer(new NotFoundException(), request, response);
  };

  /** Express tells by the four parameters that it is for errors. */
  private readonly answerError: ErrorRequestHandler = (error: unknown, request, response, _next) => {
    this.filter.answer(error, request, response);
  };
}
