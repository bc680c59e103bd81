import { randomUUID } from 'node:crypto';
import { ByteWriter } from '../platform/byte-writer.js';
import { type Example } from './example.js';
import { type Layout, type Objective } from './layouts/layout.js';

/** The usual length of a row. */
const CAPACITY = 64 * 1024;
/** So many bytes of a text are written at once: there must be room for the longest escapes of all of them. */
const PIECE = 64 * 1024;
/** `\u001f` */
const LONGEST_ESCAPE = 6;

/** A row as a line of its file, and the lengths of two of its texts in UTF-16 units. */
export interface WrittenRow {
  /** Valid until the next row is written. */
  readonly line: Buffer;
  readonly promptLength: number;
  readonly answerLength: number;
}

type Slot = 'input' | 'answer' | 'rejected' | 'images';

/**
 * Writes rows byte for byte as `JSON.stringify` writes what the layout makes of them. It makes the layout's row once, with marks where
 * the texts of a document stand, and fills these in: decoding the texts to strings, and encoding the row again, takes twice as long.
 */
export class RowWriter {
  private readonly out = new ByteWriter(CAPACITY);
  private readonly fixed: readonly Buffer[];
  /** What stands between the fixed parts. */
  private readonly slots: readonly Slot[];

  /** @param lead what all prompts begin with */
  constructor(
    layout: Layout,
    objective: Objective,
    private readonly lead: string,
    hasImages: boolean,
  ) {
    // No text of the layout or the instruction holds it.
    const mark = randomUUID();
    const texts = {
      prompt: `${lead}${mark}input`,
      answer: `${mark}answer`,
      rejected: objective === 'preference' ? `${mark}rejected` : undefined,
    };
    const row = layout.rows[objective]!(texts, hasImages ? [`${mark}images`] : []);
    const parts = `${JSON.stringify(row)}\n`.split(new RegExp(`${mark}(input|answer|rejected|images)`));
    this.fixed = parts.filter((_, index) => index % 2 === 0).map((part) => Buffer.from(part));
    this.slots = parts.filter((_, index) => index % 2 === 1) as Slot[];
  }

  /** @param images paths of its images */
  write({ input, answer, rejected }: Example, images: readonly string[]): WrittenRow {
    const { out, fixed, slots } = this;
    let [inputLength, answerLength, inputAt, inputEnd] = [0, 0, 0, 0];
    out.length = 0;
    for (const [index, part] of fixed.entries()) {
      out.add(part, 0, part.length);
      const slot = slots[index];
      if (slot === 'input') {
        inputAt = out.length;
        inputLength = putText(out, input);
        inputEnd = out.length;
      } else if (slot === 'answer') {
        // Where nothing was corrected, the two are the same, and comparing them costs next to nothing.
        const isSame = inputEnd > inputAt && answer.equals(input);
        if (isSame) repeat(out, inputAt, inputEnd);
        answerLength = isSame ? inputLength : putText(out, answer);
      } else if (slot === 'rejected') putText(out, rejected!);
      else if (slot === 'images') out.latin1(images.join('","'));
    }
    return {
      line: out.bytes.subarray(0, out.length),
      promptLength: this.lead.length + inputLength,
      answerLength,
    };
  }
}

/** Appends what was written between two places. */
function repeat(out: ByteWriter, start: number, end: number): void {
  out.reserve(end - start);
  out.bytes.copyWithin(out.length, start, end);
  out.length += end - start;
}

/**
 * Writes UTF-8 text as the inside of a JSON string.
 *
 * @returns its length in UTF-16 units
 */
function putText(out: ByteWriter, text: Buffer): number {
  let length = text.length;
  for (let start = 0; start < text.length; start += PIECE) {
    const end = Math.min(start + PIECE, text.length);
    out.reserve((end - start) * LONGEST_ESCAPE);
    const { bytes } = out;
    let at = out.length;
    for (let i = start; i < end; i++) {
      const byte = text[i]!;
      if (byte === QUOTE || byte === BACKSLASH) {
        bytes[at++] = BACKSLASH;
        bytes[at++] = byte;
      } else if (byte < SPACE) {
        at += CONTROLS[byte]!.copy(bytes, at);
      } else {
        // A character beyond ASCII: only its first byte counts, for two if it takes four.
        if (byte >= FOLLOWING) length += byte < FIRST ? -1 : byte < FIRST_OF_FOUR ? 0 : 1;
        bytes[at++] = byte;
      }
    }
    out.length = at;
  }
  return length;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
/** The least bytes of UTF-8 that follow the first one of their character, that are such a first one, and one of four. */
const FOLLOWING = 0x80;
const FIRST = 0xc0;
const FIRST_OF_FOUR = 0xf0;

const CONTROLS = Array.from({ length: SPACE }, (_, byte) =>
  Buffer.from(JSON.stringify(String.fromCharCode(byte)).slice(1, -1)),
);
