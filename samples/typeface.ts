import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import opentype, { type Font, type PathCommand } from 'opentype.js';

/** A character's cell, in pixels. A line of it is a byte. */
export const CELL = { width: 8, height: 22 };

/** A character of the font is 1233 of 2048 units wide. */
const FONT_SIZE = (CELL.width * 2048) / 1233;
const BASELINE = 15;
/** Points that are tested along each side of a pixel. */
const TESTS = 4;
/** Straight pieces of a curve. */
const STEPS = 6;

interface Edge {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** DejaVu Sans Mono at the size of a cell, black on white. Plain arithmetic, and no font of the system: the same on every machine. */
export class Typeface {
  private readonly font: Font;
  private readonly glyphs = new Map<string, Uint8Array>();

  constructor() {
    const file = createRequire(import.meta.url).resolve(
      '@fontsource/dejavu-mono/files/dejavu-mono-latin-400-normal.woff',
    );
    const { buffer, byteOffset, length } = readFileSync(file);
    this.font = opentype.parse(buffer.slice(byteOffset, byteOffset + length));
  }

  /** The lines of the character's cell, from the top: a set bit is black, the highest bit leftmost. */
  glyph(character: string): Uint8Array {
    let glyph = this.glyphs.get(character);
    if (glyph === undefined) this.glyphs.set(character, (glyph = this.draw(character)));
    return glyph;
  }

  private draw(character: string): Uint8Array {
    if (!this.font.hasChar(character)) throw new RangeError(`the font has no ${JSON.stringify(character)}`);
    const edges = edgesOf(this.font.charToGlyph(character).getPath(0, BASELINE, FONT_SIZE).commands);
    const glyph = new Uint8Array(CELL.height);
    for (let y = 0; y < CELL.height; y += 1)
      for (let x = 0; x < CELL.width; x += 1) if (isBlack(edges, x, y)) glyph[y]! |= 0x80 >> x;
    return glyph;
  }
}

/** Whether half of the pixel or more is inside. */
function isBlack(edges: readonly Edge[], x: number, y: number): boolean {
  let inside = 0;
  for (let row = 0; row < TESTS; row += 1)
    for (let column = 0; column < TESTS; column += 1)
      if (isInside(edges, x + (column + 0.5) / TESTS, y + (row + 0.5) / TESTS)) inside += 1;
  return inside >= TESTS ** 2 / 2;
}

/** By the nonzero rule, as fonts are drawn. */
function isInside(edges: readonly Edge[], x: number, y: number): boolean {
  let winding = 0;
  for (const { x0, y0, x1, y1 } of edges) {
    if (y0 <= y === y1 <= y) continue;
    if (x0 + ((y - y0) / (y1 - y0)) * (x1 - x0) > x) winding += y0 < y1 ? 1 : -1;
  }
  return winding !== 0;
}

function edgesOf(commands: readonly PathCommand[]): Edge[] {
  const edges: Edge[] = [];
  let [x0, y0, startX, startY] = [0, 0, 0, 0];
  const lineTo = (x1: number, y1: number): void => {
    edges.push({ x0, y0, x1, y1 });
    [x0, y0] = [x1, y1];
  };
  for (const command of commands) {
    if (command.type === 'M') [x0, y0, startX, startY] = [command.x, command.y, command.x, command.y];
    else if (command.type === 'L') lineTo(command.x, command.y);
    else if (command.type === 'Z') lineTo(startX, startY);
    else if (command.type === 'Q') {
      const { x1, y1, x, y } = command;
      const [fromX, fromY] = [x0, y0];
      for (let step = 1; step <= STEPS; step += 1) {
        const [there, here] = [step / STEPS, 1 - step / STEPS];
        lineTo(
          here * here * fromX + 2 * here * there * x1 + there * there * x,
          here * here * fromY + 2 * here * there * y1 + there * there * y,
        );
      }
    } else throw new RangeError('the font has other curves than TrueType has');
  }
  return edges;
}
