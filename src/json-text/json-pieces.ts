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
