import { errorCode } from '../files/system-error.js';

/** Prints to standard output and waits until it is through. Resolves also when nobody reads it any more. */
export async function print(text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (error && errorCode(error) !== 'EPIPE') reject(error);
      else resolve();
    });
  });
}

/** Prints a line, or several, to standard error: what is not data. */
export function printNote(text: string): void {
  process.stderr.write(`${text}\n`);
}

/**
 * A reader that leaves, as `head` does, is no failure. Every write learns of its own errors; without a listener, those of
 * the stream would end the process all the same.
 */
export function toleratePipes(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}
