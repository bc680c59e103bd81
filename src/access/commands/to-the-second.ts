/** An RFC 3339 time without its fraction: for people. */
export function toTheSecond(time: string): string {
  return time.replace(/\.[0-9]+Z$/, 'Z');
}
