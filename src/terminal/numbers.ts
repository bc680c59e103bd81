/** `12,345` */
export function inGroups(count: number): string {
  return count.toLocaleString('en-US');
}

/** With one digit after the point, a million bytes to the megabyte. */
export function inMegabytes(bytes: number): string {
  return (bytes / 1e6).toLocaleString('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}
