/** Where one JSON value stands in a buffer. A view of its own for each value would cost more than what is done with it. */
export interface JsonSlice {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** @param text one JSON value */
export function sliceOf(text: Buffer): JsonSlice {
  return { bytes: text, start: 0, end: text.length };
}

/** The buffer itself where the value is all of it; else a view. */
export function textOf({ bytes, start, end }: JsonSlice): Buffer {
  return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
}

/** Takes a text as stretches of others, in order. */
export interface JsonSink {
  add(source: Buffer, start: number, end: number): void;
}

/** Collects a text that is to be one buffer. */
export class JsonPieces implements JsonSink {
  private readonly pieces: Buffer[] = [];

  add(source: Buffer, start: number, end: number): void {
    this.pieces.push(source.subarray(start, end));
  }

  join(): Buffer {
    return Buffer.concat(this.pieces);
  }
}
