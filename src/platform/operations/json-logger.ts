import { type LoggerService } from '@nestjs/common';
import { destination, type Logger, pino, stdTimeFunctions } from 'pino';
import { type Env } from '../config/env.js';

/**
 * The log of a server: a line of JSON an event, to standard error, written before the call returns, so that a crash loses
 * none. What is logged never holds content of documents, queries or keys; that is up to those who log.
 */
export class JsonLogger implements LoggerService {
  private readonly lines: Logger;

  constructor(level: Env['GROUND_TRUTH_LOG_LEVEL']) {
    const standardError = destination({ dest: 2, sync: true });
    // The server goes on when its log cannot be written.
    standardError.on('error', () => undefined);
    this.lines = pino(
      {
        level,
        base: null,
        messageKey: 'message',
        timestamp: stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      standardError,
    );
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.lines.info(toFields(message, rest));
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.lines.error(toFields(message, rest));
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.lines.warn(toFields(message, rest));
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.lines.debug(toFields(message, rest));
  }

  /** Nest's own details. */
  verbose(message: unknown, ...rest: unknown[]): void {
    this.lines.trace(toFields(message, rest));
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.lines.fatal(toFields(message, rest));
  }
}

/** Nest hands over what it is about, and last who says so. */
function toFields(message: unknown, rest: readonly unknown[]): object {
  const context = rest.at(-1);
  return {
    ...(typeof context === 'string' && { context }),
    ...(typeof message === 'object' ? message : { message }),
  };
}
