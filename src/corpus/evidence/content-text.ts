const NUL = 0x00;
const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** `\b`, `\t`, `\n`, `\f`, `\r`. */
const SHORT_ESCAPES = new Set([0x08, 0x09, 0x0a, 0x0c, 0x0d]);

/**
 * Tells whether content is text, and how long it is as a JSON string. Content is text if it was sent as such, is UTF-8, and has
 * no NUL.
 */
export class TextMeasure {
  private readonly decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  private isText: boolean;
  private bytes = 2;

  constructor(mediaType: string) {
    this.isText = /^text\//i.test(mediaType);
  }

  add(block: Buffer): void {
    if (!this.isText) return;
    try {
      this.decoder.decode(block, { stream: true });
    } catch {
      this.isText = false;
      return;
    }
    for (const byte of block) {
      if (byte === NUL) this.isText = false;
      this.bytes += lengthOf(byte);
    }
  }

  /** Bytes as a JSON string, in which PostgreSQL and `JSON.stringify` agree; null if it is not text. Call it after the last block. */
  end(): number | null {
    try {
      this.decoder.decode();
    } catch {
      this.isText = false;
    }
    return this.isText ? this.bytes : null;
  }
}

function lengthOf(byte: number): number {
  if (byte >= SPACE) return byte === QUOTE || byte === BACKSLASH ? 2 : 1;
  return SHORT_ESCAPES.has(byte) ? 2 : 6;
}
