import { encode } from 'fast-png';
import { COLUMNS, LINES, type Piece } from './sheets.js';
import { CELL, Typeface } from './typeface.js';

const WIDTH = COLUMNS * CELL.width;
const HEIGHT = LINES * CELL.height;

let typeface: Typeface | undefined;

/**
 * A PNG of a page, as it is typed. fast-png compresses in JavaScript, so that the bytes are the same everywhere; the zlib of Node
 * differs between its versions and between processors.
 */
export function drawPage(pieces: readonly Piece[], page: number): Uint8Array {
  typeface ??= new Typeface();
  const data = new Uint8Array(COLUMNS * HEIGHT).fill(0xff);
  for (const piece of pieces) {
    if (piece.page !== page) continue;
    for (const [index, character] of Array.from(piece.text).entries()) {
      const at = piece.line * CELL.height * COLUMNS + piece.column + index;
      // A set bit is white here.
      for (const [y, bits] of typeface.glyph(character).entries()) data[at + y * COLUMNS]! ^= bits;
    }
  }
  const image = { width: WIDTH, height: HEIGHT, channels: 1, depth: 1, data } as const;
  return encode(image, { zlib: { level: 8 } });
}
