import { Char, decodeString, isWhiteSpace, skipString, skipValue, skipWhiteSpace } from './scan.js';

/**
 * Whether two valid JSON texts are equal. Member order and white space do not count. Duplicate keys compare in order, strings
 * by their decoded value, numbers by value (`1.0` equals `1`, `-0` equals `0`; no overflow at `1e400`).
 *
 * Iterative, so that deep nesting does not overflow the stack.
 */
export function equal(left: Buffer, right: Buffer): boolean {
  if (left.equals(right)) return true;
  if (bracketOf(left) !== bracketOf(right)) return false;
  const pairs: [Value, Value][] = [[parse(left), parse(right)]];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const [a, b] = pair;
    if (typeof a === 'string' || typeof b === 'string') {
      if (a !== b) return false;
      continue;
    }
    if (a.keys?.length !== b.keys?.length || a.values.length !== b.values.length) return false;
    const orderOfA = memberOrder(a);
    const orderOfB = memberOrder(b);
    for (let i = 0; i < a.values.length; i++) {
      const indexOfA = orderOfA?.[i] ?? i;
      const indexOfB = orderOfB?.[i] ?? i;
      if (a.keys?.[indexOfA] !== b.keys?.[indexOfB]) return false;
      pairs.push([a.values[indexOfA]!, b.values[indexOfB]!]);
    }
  }
  return true;
}

/** The first byte of an array or object; undefined for a scalar. */
function bracketOf(text: Buffer): number | undefined {
  const first = text[skipWhiteSpace(text, 0)];
  return first === Char.OpenArray || first === Char.OpenObject ? first : undefined;
}

/** A scalar in canonical form, or a container; `keys` only for an object. */
type Value = string | Container;

interface Container {
  readonly keys: string[] | undefined;
  readonly values: Value[];
}

/** The indices of the members, sorted by key. The sort is stable, so duplicates stay in order. */
function memberOrder({ keys }: Container): number[] | undefined {
  if (keys === undefined) return undefined;
  return keys
    .map((_, index) => index)
    .sort((a, b) => (keys[a]! < keys[b]! ? -1 : keys[a]! > keys[b]! ? 1 : 0));
}

function parse(text: Buffer): Value {
  const root: Container = { keys: undefined, values: [] };
  const open: Container[] = [root];
  let at = 0;
  while (at < text.length) {
    const byte = text[at]!;
    const container = open[open.length - 1]!;
    if (byte === Char.Comma || byte === Char.Colon || isWhiteSpace(byte)) at++;
    else if (byte === Char.CloseObject || byte === Char.CloseArray) {
      open.pop();
      at++;
    } else if (byte === Char.OpenObject || byte === Char.OpenArray) {
      const inner: Container = { keys: byte === Char.OpenObject ? [] : undefined, values: [] };
      container.values.push(inner);
      open.push(inner);
      at++;
    } else if (container.keys?.length === container.values.length) {
      const end = skipString(text, at);
      container.keys.push(decodeString(text, at, end));
      at = end;
    } else {
      const end = skipValue(text, at);
      container.values.push(canonicalScalar(text, at, end));
      at = end;
    }
  }
  return root.values[0]!;
}

/** Returns the canonical form of a scalar: the same for equal scalars. That of a string begins with a quote. */
export function canonicalScalar(text: Buffer, start: number, end: number): string {
  const first = text[start]!;
  if (first === Char.Quote) return `"${decodeString(text, start, end)}`;
  if (first === 0x74 || first === 0x66 || first === 0x6e) return text.toString('latin1', start, end);
  return normalizeNumber(text.toString('latin1', start, end));
}

/**
 * Digits without leading and trailing zeros, and a power of ten. Never expands an exponent, so `1e999999999` is cheap. No patterns: on
 * millions of digits, one that may go back exhausts the stack.
 */
function normalizeNumber(lexeme: string): string {
  const sign = lexeme.startsWith('-') ? '-' : '';
  const power = Math.max(lexeme.indexOf('e'), lexeme.indexOf('E'));
  const mantissaEnd = power === -1 ? lexeme.length : power;
  const point = lexeme.indexOf('.');
  const integer = lexeme.slice(sign.length, point === -1 ? mantissaEnd : point);
  const fraction = point === -1 ? '' : lexeme.slice(point + 1, mantissaEnd);
  const exponent = power === -1 ? '0' : lexeme.slice(power + 1);
  const digits = integer + fraction;
  let start = 0;
  let end = digits.length;
  while (digits[start] === '0') start++;
  if (start === end) return '0';
  while (digits[end - 1] === '0') end--;
  return `${sign}${digits.slice(start, end)}e${addToExponent(exponent, integer.length - end)}`;
}

/** The most digits that a double holds exactly, with room for the addition. */
const EXACT = 15;

/** Adds a small number to an exponent of any length. A BigInt would take quadratic time for a long one. */
function addToExponent(exponent: string, summand: number): string {
  const isNegative = exponent.startsWith('-');
  const digits = withoutZeros(exponent, isNegative || exponent.startsWith('+') ? 1 : 0);
  const low = Number(digits.slice(-EXACT)) + (isNegative ? -summand : summand);
  if (digits.length <= EXACT) return String(isNegative && low !== 0 ? -low : low);
  const high = digits.slice(0, -EXACT);
  const carried = low < 0 ? decrement(high) : low >= 10 ** EXACT ? increment(high) : high;
  const rest = low < 0 ? low + 10 ** EXACT : low % 10 ** EXACT;
  return `${isNegative ? '-' : ''}${withoutZeros(`${carried}${String(rest).padStart(EXACT, '0')}`, 0)}`;
}

/** What follows the zeros from an offset on. */
function withoutZeros(digits: string, from: number): string {
  let start = from;
  while (digits[start] === '0') start++;
  return digits.slice(start);
}

function increment(digits: string): string {
  const nines = runAtEnd(digits, '9');
  const at = digits.length - nines - 1;
  return `${digits.slice(0, Math.max(at, 0))}${Number(digits[at] ?? 0) + 1}${'0'.repeat(nines)}`;
}

/** @param digits not all zero */
function decrement(digits: string): string {
  const zeros = runAtEnd(digits, '0');
  const at = digits.length - zeros - 1;
  return `${digits.slice(0, at)}${Number(digits[at]) - 1}${'9'.repeat(zeros)}`;
}

/** A loop, because a pattern such as `9*$` takes quadratic time on long runs in the middle. */
function runAtEnd(digits: string, digit: string): number {
  let length = 0;
  while (digits[digits.length - 1 - length] === digit) length++;
  return length;
}
