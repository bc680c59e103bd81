import { Buffer } from 'node:buffer';

/** One JSON value in a buffer. Cheaper than a `Buffer` view of each value. */
export interface JsonSlice {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** @param text one JSON value */
export function sliceOf(text: Buffer): JsonSlice {
  return { bytes: text, start: 0, end: text.length };
}

/** Returns the buffer itself if the value is all of it; else a view. */
export function textOf({ bytes, start, end }: JsonSlice): Buffer {
  return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
}

/** Receives a text in pieces, in order. */
export interface JsonSink {
  add(source: Buffer, start: number, end: number): void;
}

/** Collects pieces and joins them into one buffer. */
export class JsonPieces implements JsonSink {
  private readonly pieces: Buffer[] = [];

  add(source: Buffer, start: number, end: number): void {
    this.pieces.push(source.subarray(start, end));
  }

  join(): Buffer {
    return Buffer.concat(this.pieces);
  }
}
