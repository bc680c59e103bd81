import { errorCode } from '../files/system-error.js';

/** Prints to standard output and waits until it is written. A closed pipe is no error. */
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

/** A line a row, columns aligned, two spaces between them; the last column is as long as it is. */
export function tableText(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(printable));
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  return lines.map((line) => `${line}\n`).join('');
}

/** What direct SQL or a file brought in may hold what a terminal would obey. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** `12,345` */
export function inGroups(count: number): string {
  return count.toLocaleString('en-US');
}

/** With one digit after the point, a million bytes to the megabyte. */
export function inMegabytes(bytes: number): string {
  return (bytes / 1e6).toLocaleString('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}

/** An RFC 3339 time without its fraction: for people. */
export function toTheSecond(time: string): string {
  return time.replace(/\.[0-9]+Z$/, 'Z');
}
