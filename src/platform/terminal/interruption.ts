import { Injectable } from '@nestjs/common';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * The time for a command to clean up. It takes milliseconds, unless the database does not answer: a halted one does not even
 * close connections.
 */
const CLEAN_UP_MS = 5_000;

/**
 * Turns the signals that ask a process to end into an AbortSignal, so that a command can clean up first. A second signal ends
 * the process at once, and so does the first one after `CLEAN_UP_MS`.
 */
@Injectable()
export class Interruption {
  private readonly controller = new AbortController();
  private received: NodeJS.Signals | undefined;

  constructor() {
    for (const name of SIGNALS) process.on(name, this.receive);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Stops handling signals. */
  standBack(): void {
    for (const name of SIGNALS) process.off(name, this.receive);
  }

  /** If a signal has arrived, ends the process by it, so that a shell sees that the command was interrupted. */
  passOn(): void {
    this.standBack();
    if (this.received) process.kill(process.pid, this.received);
  }

  private readonly receive = (name: NodeJS.Signals): void => {
    this.received = name;
    // The next signal has its usual effect.
    this.standBack();
    this.controller.abort();
    setTimeout(() => {
      this.passOn();
    }, CLEAN_UP_MS).unref();
  };
}
