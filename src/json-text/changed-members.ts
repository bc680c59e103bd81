import { Buffer } from 'node:buffer';
import { type JsonSlice } from './json-slice.js';
import { Char, decodeString, skipString, skipValue } from './scan.js';

/** A member of an object, without what is around it. */
interface MemberText {
  readonly key: string;
  readonly value: JsonSlice;
}

/** How two objects differ. */
export interface ChangedMembers {
  /** The keys of members that only the left one has, in its order. */
  readonly removed: readonly string[];
  /** The members of the right one that are new, or whose text is another, in its order. */
  readonly others: readonly ChangedMember[];
}

interface ChangedMember extends MemberText {
  /** The value in the left object; undefined if there is none. */
  readonly before: JsonSlice | undefined;
}

/**
 * Compares the members of two objects by key, in one pass through both: members that stand in the same order need no table of
 * keys. Compact text only.
 *
 * @returns undefined if a key occurs more than once in one of them
 */
export function changedMembers(left: JsonSlice, right: JsonSlice): ChangedMembers | undefined {
  const before = new Cursor(left);
  const after = new Cursor(right);
  const unpaired = new Map<string, JsonSlice>();
  const others: { key: string; value: JsonSlice; before: JsonSlice | undefined }[] = [];
  while (!before.isDone || !after.isDone) {
    const isPair = !before.isDone && !after.isDone && before.hasSameKey(after);
    if (isPair) {
      if (!before.hasSameValue(after))
        others.push({ key: after.key, value: after.value, before: before.value });
      before.next();
      after.next();
      continue;
    }
    // If the other object goes on with this key, then only what stands before that is without a partner.
    const isNew = before.isDone || (!after.isDone && after.isFollowedBy(before));
    const isGone = after.isDone || (!isNew && before.isFollowedBy(after));
    if (!isNew) {
      unpaired.set(before.key, before.value);
      before.next();
    }
    if (!isGone) {
      others.push({ key: after.key, value: after.value, before: undefined });
      after.next();
    }
  }
  if (before.hasKeyTwice() || after.hasKeyTwice()) return undefined;
  for (const other of others) {
    if (other.before !== undefined || unpaired.size === 0) continue;
    other.before = unpaired.get(other.key);
    unpaired.delete(other.key);
  }
  const changed = others.filter(({ before, value }) => before === undefined || !isSameText(before, value));
  return { removed: [...unpaired.keys()], others: changed };
}

/** Goes from member to member of an object. */
class Cursor {
  isDone = false;
  private readonly bytes: Buffer;
  private keyStart = 0;
  private keyEnd = 0;
  private end: number;
  private hasEscape = false;
  /** Hash values of the keys so far. */
  private hashes = new Float64Array(64);
  private count = 0;

  constructor(private readonly object: JsonSlice) {
    this.bytes = object.bytes;
    this.end = object.start;
    this.isDone = this.bytes[object.start + 1] === Char.CloseObject;
    if (!this.isDone) this.read();
  }

  get key(): string {
    return decodeString(this.bytes, this.keyStart, this.keyEnd);
  }

  get value(): JsonSlice {
    return { bytes: this.bytes, start: this.keyEnd + 1, end: this.end };
  }

  next(): void {
    if (this.bytes[this.end] === Char.Comma) this.read();
    else this.isDone = true;
  }

  hasSameKey(other: Cursor): boolean {
    return this.isKey(other.keyStart, other.keyEnd, other);
  }

  hasSameValue(other: Cursor): boolean {
    return isSameRange(this.bytes, this.keyEnd + 1, this.end, other.bytes, other.keyEnd + 1, other.end);
  }

  /** Whether the key of the member behind this one is that of the other. */
  isFollowedBy(other: Cursor): boolean {
    const start = this.end + 1;
    if (this.bytes[this.end] !== Char.Comma) return false;
    return other.isKey(start, skipString(this.bytes, start), this);
  }

  hasKeyTwice(): boolean {
    const hashes = this.hashes.subarray(0, this.count);
    hashes.sort();
    for (let i = 1; i < hashes.length; i++) if (hashes[i] === hashes[i - 1]) return this.findsKeyTwice();
    return false;
  }

  /** Compares the keys themselves, as different ones may have the same hash value. */
  private findsKeyTwice(): boolean {
    const keys = new Set<string>();
    const cursor = new Cursor(this.object);
    while (!cursor.isDone && !keys.has(cursor.key)) {
      keys.add(cursor.key);
      cursor.next();
    }
    return !cursor.isDone;
  }

  private isKey(start: number, end: number, { bytes }: Cursor): boolean {
    if (isSameRange(this.bytes, this.keyStart, this.keyEnd, bytes, start, end)) return true;
    const isWrittenPlainly = !this.hasEscape && !hasBackslash(bytes, start, end);
    return !isWrittenPlainly && this.key === decodeString(bytes, start, end);
  }

  private read(): void {
    const { bytes } = this;
    this.keyStart = this.end + 1;
    this.keyEnd = skipString(bytes, this.keyStart);
    this.hasEscape = hasBackslash(bytes, this.keyStart, this.keyEnd);
    this.end = skipValue(bytes, this.keyEnd + 1);
    if (this.count === this.hashes.length) {
      const larger = new Float64Array(2 * this.count);
      larger.set(this.hashes);
      this.hashes = larger;
    }
    this.hashes[this.count++] = this.hasEscape
      ? hashOf(Buffer.from(`"${this.key}"`), 0)
      : hashOf(bytes, this.keyStart, this.keyEnd);
  }
}

function hasBackslash(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === Char.Backslash) return true;
  return false;
}

/** 53 bits of the key between two offsets, which include the quotes. */
function hashOf(bytes: Buffer, start: number, end = bytes.length): number {
  let first = 0x811c9dc5;
  let second = 0;
  for (let at = start + 1; at < end - 1; at++) {
    first = Math.imul(first ^ bytes[at]!, 0x01000193);
    second = Math.imul(second + bytes[at]!, 0x9e3779b1) ^ (second >>> 15);
  }
  return (first >>> 0) * 2 ** 21 + (second >>> 11);
}

export function isSameText(left: JsonSlice, right: JsonSlice): boolean {
  return isSameRange(left.bytes, left.start, left.end, right.bytes, right.start, right.end);
}

/** A loop, where calling `compare` would take longer. */
const FEW_BYTES = 64;

export function isSameRange(
  left: Buffer,
  start: number,
  end: number,
  right: Buffer,
  startRight: number,
  endRight: number,
): boolean {
  const length = end - start;
  if (length !== endRight - startRight) return false;
  if (length > FEW_BYTES) return left.compare(right, startRight, endRight, start, end) === 0;
  for (let i = 0; i < length; i++) if (left[start + i] !== right[startRight + i]) return false;
  return true;
}
