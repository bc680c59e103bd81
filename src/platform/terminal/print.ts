import { errorCode } from '../files/system-error.js';

/** Writes to standard output and waits until it is written. A closed pipe is not an error. */
export async function print(text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (error && errorCode(error) !== 'EPIPE') reject(error);
      else resolve();
    });
  });
}

/** Prints one or more lines that are not data, to standard error. */
export function printNote(text: string): void {
  process.stderr.write(`${text}\n`);
}

/**
 * Ignores errors of the standard streams, such as a pipe closed by `head`: without a listener they would end the process. Each
 * write still reports its own errors.
 */
export function toleratePipes(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

/** Formats a table with aligned columns, two spaces apart. */
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

/** Escapes control characters, which a terminal could execute. Direct SQL or a file can bring in any text. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** `12,345` */
export function inGroups(count: number): string {
  return count.toLocaleString('en-US');
}

/** In megabytes (10^6 bytes), with one digit after the decimal point. */
export function inMegabytes(bytes: number): string {
  return (bytes / 1e6).toLocaleString('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}

/** Removes the fraction from an RFC 3339 time. */
export function toTheSecond(time: string): string {
  return time.replace(/\.[0-9]+Z$/, 'Z');
}
