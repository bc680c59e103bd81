import { compact, JsonTextError, MAX_DEPTH, readMembers } from '../json-text/index.js';

/** What is at the beginning of each line of a corpus, as an export writes it. */
const LEAD = Buffer.from('{"job_id":"');
const UUID_LENGTH = 36;
/** Before it stand only names, whose quotes are escaped, so the first one is the member. */
const CREATED_AT = Buffer.from(',"created_at":"');
const QUOTE = 0x22;

/** The `job_id` of a line without parsing it; undefined if the line is no sample as an export writes it. */
export function jobIdOf(bytes: Buffer, start: number, end: number): string | undefined {
  const at = start + LEAD.length;
  if (end - at < UUID_LENGTH || bytes.compare(LEAD, 0, LEAD.length, start, at) !== 0) return undefined;
  for (let digit = 0; digit < UUID_LENGTH; digit++) {
    const isHyphen = digit === 8 || digit === 13 || digit === 18 || digit === 23;
    const byte = bytes[at + digit]!;
    if (isHyphen ? byte !== HYPHEN : !isHexDigit(byte)) return undefined;
  }
  return bytes.toString('latin1', at, at + UUID_LENGTH);
}

const HYPHEN = 0x2d;

/** In lower case. */
function isHexDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66);
}

/**
 * What orders a line in a corpus: its `created_at`, in a form that compares as text, then its `job_id`. Undefined if the line has
 * none as an export writes it.
 *
 * @param id the `job_id` of the line, where it is known
 */
export function orderOf(
  bytes: Buffer,
  start: number,
  end: number,
  id = jobIdOf(bytes, start, end),
): string | undefined {
  const found = bytes.indexOf(CREATED_AT, start);
  if (id === undefined || found === -1 || found >= end) return undefined;
  const from = found + CREATED_AT.length;
  const to = bytes.indexOf(QUOTE, from);
  if (to === -1 || to > end || bytes[to - 1] !== Z) return undefined;
  // Without the Z, a time with a fraction comes after the one without.
  return `${bytes.toString('latin1', from, to - 1)} ${id}`;
}

const Z = 0x5a;

/** A line has levels of its own, so what it holds may be as deep as it may be anywhere. */
const LINE_DEPTH = 2 * MAX_DEPTH;

/**
 * The members of a line that anybody may have written, by key, as compact JSON text; of duplicates the last. Undefined if it is no JSON
 * object.
 *
 * @param line without its line feed
 */
export function membersOf(line: Buffer): Map<string, Buffer> | undefined {
  try {
    const members = readMembers(compact(line, LINE_DEPTH));
    return members && new Map(members.map(({ key, value }) => [key, value]));
  } catch (error) {
    if (error instanceof JsonTextError) return undefined;
    throw error;
  }
}
