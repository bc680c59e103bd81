import {
  depth,
  equal,
  FieldPathError,
  JSON_NULL,
  MAX_DEPTH,
  MAX_PATH_BYTES,
  type Op,
  parseFieldPath,
  plainSpelling,
  readElements,
  readMembers,
} from '../../json-text/index.js';
import { formatTimestamp, now, parseTimestamp, TimestampError } from '../../platform/timestamp.js';
import { UUID } from '../../platform/uuid.js';
import {
  MAX_EXTERNAL_ID_LENGTH,
  MAX_FLAGS,
  MAX_FLAGS_BYTES,
  MAX_NAME_LENGTH,
  MAX_REASON_LENGTH,
} from './job-size.js';

/** What is accepted beside what the values must be. */
export interface Bounds {
  /** The most members of an object and elements of an array; more are a fault and are not read. */
  readonly most?: number;
  /** Accept names, reasons, paths and flags that are longer than the limits, which older versions stored. */
  readonly acceptOversize?: boolean;
}

/** Reads the fields of one JSON object and reports what is wrong with them. */
export class FieldReader {
  private readonly values = new Map<string, Buffer>();
  readonly isObject: boolean;

  /**
   * @param text a compact JSON value
   * @param path where the object is in the line, for messages; empty for the line itself
   */
  constructor(
    text: Buffer,
    private readonly path: string,
    private readonly onFault: (field: string, reason: string) => void,
    private readonly bounds: Bounds = {},
  ) {
    const { most } = this;
    const members = readMembers(text, most);
    this.isObject = members !== undefined;
    if (!this.isObject) onFault(path, 'is not a JSON object');
    if (members && members.length > most) onFault(path, `has more than ${inGroups(most)} members`);
    for (const { key, value } of members?.slice(0, most) ?? []) {
      if (this.values.has(key)) this.fault(key, 'occurs more than once');
      this.values.set(key, value);
    }
  }

  has(key: string): boolean {
    return this.values.has(key);
  }

  /** Whether a member is missing or null. */
  isAbsent(key: string): boolean {
    const value = this.values.get(key);
    return value === undefined || isNull(value);
  }

  get names(): string[] {
    return [...this.values.keys()];
  }

  /** Reports each key that is missing, and each that is neither required nor optional. */
  expectKeys(required: readonly string[], optional: readonly string[]): void {
    if (!this.isObject) return;
    for (const key of required) if (!this.values.has(key)) this.fault(key, 'is missing');
    for (const key of this.values.keys()) {
      if (!required.includes(key) && !optional.includes(key)) this.fault(key, 'is not known');
    }
  }

  /** Any JSON, as written; `null` if absent. */
  json(key: string): Buffer {
    const value = this.values.get(key) ?? JSON_NULL;
    // A level takes at least two bytes, so a short value cannot be too deep.
    if (value.length > 2 * MAX_DEPTH && depth(value) > MAX_DEPTH) {
      this.fault(key, `is deeper than ${inGroups(MAX_DEPTH)} levels`);
    }
    return value;
  }

  string(key: string): string {
    const value = this.values.get(key);
    return (value && this.text(key, value, 'is not a string')) ?? '';
  }

  /** A name of a file, a kind, a flag, a person. */
  name(key: string): string {
    return this.within(MAX_NAME_LENGTH, key, this.string(key));
  }

  nullableName(key: string): string | null {
    return this.nullable(key, MAX_NAME_LENGTH);
  }

  /** No older version stored any, so the limit always holds. */
  externalId(key: string): string | null {
    const text = this.nullableText(key);
    if (text === '') this.fault(key, 'is empty');
    if (text !== null && Array.from(text).length > MAX_EXTERNAL_ID_LENGTH)
      this.fault(key, `has more than ${MAX_EXTERNAL_ID_LENGTH} characters`);
    return text;
  }

  reason(key: string): string {
    return this.within(MAX_REASON_LENGTH, key, this.string(key));
  }

  nullableReason(key: string): string | null {
    return this.nullable(key, MAX_REASON_LENGTH);
  }

  /** The text of a path, which may be none. */
  fieldPath(key: string): string {
    const value = this.values.get(key);
    return value === undefined ? '' : this.pathText(key, value);
  }

  private pathText(key: string, value: Buffer): string {
    const path = this.text(key, value, 'is not a string') ?? '';
    if (this.hasLimits && Buffer.byteLength(path) > MAX_PATH_BYTES) {
      this.fault(key, `is longer than ${inGroups(MAX_PATH_BYTES)} bytes`);
      return '';
    }
    return path;
  }

  /** @param most the most characters */
  nullable(key: string, most: number): string | null {
    const text = this.nullableText(key);
    return text === null ? null : this.within(most, key, text);
  }

  private nullableText(key: string): string | null {
    const value = this.values.get(key);
    return value === undefined || isNull(value)
      ? null
      : this.text(key, value, 'is neither a string nor null');
  }

  private within(most: number, key: string, text: string): string {
    const isLonger = text.length > most && (text.length > 2 * most || Array.from(text).length > most);
    if (this.hasLimits && isLonger) this.fault(key, `has more than ${inGroups(most)} characters`);
    return text;
  }

  private get hasLimits(): boolean {
    return this.bounds.acceptOversize !== true;
  }

  private get most(): number {
    return this.bounds.most ?? Infinity;
  }

  /** @param otherwise what to say of text that is not a UUID */
  uuid(key: string, otherwise = 'is not a UUID'): string | null {
    const value = this.values.get(key);
    if (value === undefined) return null;
    const text = this.text(key, value, 'is not a string');
    if (text !== null && !UUID.test(text)) this.fault(key, otherwise);
    return text?.toLowerCase() ?? null;
  }

  /** The operation of a correction; `replace` by default. */
  op(key: string): Op {
    return (this.has(key) ? this.choice(key, OPS) : undefined) ?? 'replace';
  }

  /** One of `choices`; undefined, and a fault, if it is another value. */
  choice<Choice extends string>(key: string, choices: readonly Choice[]): Choice | undefined {
    const value = this.values.get(key);
    const text = value && this.text(key, value, 'is not a string');
    const choice = choices.find((name) => name === text);
    if (typeof text === 'string' && choice === undefined)
      this.fault(key, `is not one of ${choices.join(', ')}`);
    return choice;
  }

  boolean(key: string): boolean {
    const value = this.values.get(key)?.toString('latin1');
    if (value !== undefined && value !== 'true' && value !== 'false')
      this.fault(key, 'is neither true nor false');
    return value === 'true';
  }

  time(key: string): bigint | null {
    const value = this.values.get(key);
    if (value === undefined) return null;
    const text = this.text(key, value, 'is not a string with a time');
    try {
      return text === null ? null : parseTimestamp(text);
    } catch (error) {
      if (!(error instanceof TimestampError)) throw error;
      this.fault(key, error.message);
      return null;
    }
  }

  /** A time that is at most a day ahead of the clock: a later one is a mistake, and would be the last of the corpus for long. */
  pastTime(key: string): bigint | null {
    const time = this.time(key);
    if (time !== null && isAhead(time))
      this.fault(
        key,
        `is ${formatTimestamp(time)}, more than a day ahead of the clock, ${formatTimestamp(now())}`,
      );
    return time;
  }

  nullableTime(key: string): bigint | null {
    const value = this.values.get(key);
    return value === undefined || isNull(value) ? null : this.time(key);
  }

  /** An array of names, no more than a job may have of flags. */
  flags(key: string): string[] {
    const value = this.values.get(key);
    if (value === undefined) return [];
    if (this.hasLimits && value.length > MAX_FLAGS_BYTES)
      this.fault(key, `takes more than ${inGroups(MAX_FLAGS_BYTES)} bytes`);
    const most = this.hasLimits ? Math.min(MAX_FLAGS, this.most) : this.most;
    const elements = this.elements(key, value, 'is not an array of strings', most) ?? [];
    return elements.map((element, index) => {
      const name = `${key}[${index}]`;
      return this.within(MAX_NAME_LENGTH, name, this.text(name, element, 'is not a string') ?? '');
    });
  }

  /** A list of dotted paths, at least one, in their plain spelling. */
  fieldPaths(key: string): string[] {
    const texts = this.pathTexts(key);
    return texts.map((text, index) => {
      try {
        return plainSpelling(text, parseFieldPath(text), false);
      } catch (error) {
        if (!(error instanceof FieldPathError)) throw error;
        this.fault(`${key}[${index}]`, error.message);
        return '';
      }
    });
  }

  /** The texts of a list of paths, at least one; they may be none. */
  pathTexts(key: string): string[] {
    const value = this.values.get(key);
    if (value === undefined) return [];
    const elements = this.elements(key, value, 'is not an array of strings') ?? [EMPTY_STRING];
    if (elements.length === 0) this.fault(key, 'is empty');
    return elements.map((element, index) => this.pathText(`${key}[${index}]`, element));
  }

  /** A number from 0 to 1. */
  share(key: string): number | null {
    const value = this.values.get(key);
    if (value === undefined || isNull(value)) return null;
    const share = shareOf(value);
    if (Number.isNaN(share)) this.fault(key, 'is neither a number from 0 to 1 nor null');
    return share;
  }

  /** A whole number from `least` to `most`, written without a fraction and an exponent. */
  nullableInteger(key: string, least: number, most: number): number | null {
    if (this.isAbsent(key)) return null;
    const text = this.values.get(key)!.toString('latin1');
    const number = /^[0-9]{1,16}$/.test(text) ? Number(text) : NaN;
    if (number >= least && number <= most) return number;
    this.fault(key, `is neither a whole number from ${least} to ${inGroups(most)} nor null`);
    return null;
  }

  /** An array of at least `least` objects, and at most `most`. */
  objects(key: string, least = 0, most = this.most): FieldReader[] {
    const value = this.values.get(key);
    if (value === undefined) return [];
    const elements = this.elements(key, value, 'is not an array', most);
    if (elements !== undefined && elements.length < least) this.fault(key, 'is empty');
    return (elements ?? []).map(
      (element, index) => new FieldReader(element, this.at(`${key}[${index}]`), this.onFault, this.bounds),
    );
  }

  object(key: string): FieldReader | undefined {
    const value = this.values.get(key);
    return value && this.objectIn(key, value);
  }

  /** @param name of the value, for messages */
  objectIn(name: string, value: Buffer): FieldReader {
    return new FieldReader(value, this.at(name), this.onFault, this.bounds);
  }

  /** Returns undefined, and reports why, if there is no array or too long a one. */
  private elements(key: string, value: Buffer, reason: string, most = this.most): Buffer[] | undefined {
    const elements = readElements(value, most);
    if (elements !== undefined && elements.length <= most) return elements;
    this.fault(key, elements === undefined ? reason : `has more than ${inGroups(most)} elements`);
    return undefined;
  }

  fault(key: string, reason: string): void {
    this.onFault(this.at(nameOf(key)), reason);
  }

  /** Reports a fault of the object itself. */
  faultHere(reason: string): void {
    this.onFault(this.path, reason);
  }

  private at(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }

  private text(key: string, value: Buffer, reason: string): string | null {
    if (value[0] !== QUOTE) {
      this.fault(key, reason);
      return null;
    }
    const text = JSON.parse(value.toString()) as string;
    // PostgreSQL's text type cannot hold NUL, and UTF-8 cannot hold a lone surrogate.
    if (text.includes('\0')) this.fault(key, 'contains a NUL character');
    if (!text.isWellFormed()) this.fault(key, 'contains a lone surrogate');
    return text;
  }
}

/** In microseconds. */
const DAY = 86_400_000_000n;
const OPS: readonly Op[] = ['replace', 'add', 'remove'];
const QUOTE = 0x22;
const EMPTY_STRING = Buffer.from('""');
const MINUS = 0x2d;
const ZERO = Buffer.from('0');
const ONE = Buffer.from('1');

/** A key for a message: quoted if it has unusual characters, and cut if it is long. */
function nameOf(key: string): string {
  if (/^[\w[\].-]{1,80}$/.test(key)) return key;
  const quoted = JSON.stringify(key).replace(/\p{Cc}/gu, '?');
  return quoted.length <= 80 ? quoted : `${quoted.slice(0, 79)}…"`;
}

/** The number from 0 to 1 that a value is; NaN if it is none. */
export function shareOf(value: Buffer): number {
  const number = /^[-0-9]/.test(value.toString('latin1', 0, 1)) ? Number(value.toString('latin1')) : NaN;
  // A lexeme that rounds to 0 or 1 may be just outside the range.
  const isExact =
    (number !== 0 || equal(value, ZERO) || value[0] !== MINUS) && (number !== 1 || isAtMostOne(value));
  return number >= 0 && number <= 1 && isExact ? Math.abs(number) : NaN;
}

/** For a number that rounds to 1: whether it equals 1 or is just below, when its first digit is a 9. */
function isAtMostOne(value: Buffer): boolean {
  return /^[0.]*9/.test(value.toString('latin1')) || equal(value, ONE);
}

/** Whether a time is more than a day ahead of the clock of this process. */
export function isAhead(time: bigint): boolean {
  return time > now() + DAY;
}

function inGroups(count: number): string {
  return count.toLocaleString('en');
}

function isNull(value: Buffer): boolean {
  return value.equals(JSON_NULL);
}
