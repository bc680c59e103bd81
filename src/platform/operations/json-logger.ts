import { type LoggerService } from '@nestjs/common';
import { destination, type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { type Env } from '../config/env.js';

/**
 * The log of a server: one JSON line per event on standard error, written synchronously, so that a crash loses none. Callers must
 * not log document content, queries or keys.
 */
export class JsonLogger implements LoggerService {
  private readonly lines: Logger;

  constructor(level: Env['GROUND_TRUTH_LOG_LEVEL'], output: DestinationStream = standardError()) {
    this.lines = pino(
      {
        level,
        base: null,
        messageKey: 'message',
        timestamp: stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      output,
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

  /** Used by Nest only. */
  verbose(message: unknown, ...rest: unknown[]): void {
    this.lines.trace(toFields(message, rest));
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.lines.fatal(toFields(message, rest));
  }
}

function standardError(): DestinationStream {
  const stream = destination({ dest: 2, sync: true });
  // The server continues if its log cannot be written.
  stream.on('error', () => undefined);
  return stream;
}

/** Nest passes the name of the source as the last argument. */
function toFields(message: unknown, rest: readonly unknown[]): object {
  const context = rest.at(-1);
  return {
    ...(typeof context === 'string' && { context }),
    ...(typeof message === 'object' ? message : { message }),
  };
}
