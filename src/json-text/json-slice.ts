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
