/** A page as a typewriter sees it: cells of one character each. In the proportions of A4. */
export const COLUMNS = 117;
export const LINES = 60;

/** The first line after the last one that may be typed on. */
const BOTTOM = LINES - 4;
const TOP = 4;

/** Text at its place on a page. */
export interface Piece {
  /** From 1. */
  readonly page: number;
  /** Both from 0. */
  readonly line: number;
  readonly column: number;
  /** In columns; more than the text needs if the cell of a table is empty. */
  readonly width: number;
  /** As it is typed. */
  readonly text: string;
  /** As the pipeline reads it. */
  readonly read: string;
}

/** The sheets of one order while they are typed, line by line from the top. */
export class Sheets {
  readonly pieces: Piece[] = [];
  page = 1;
  line = TOP;

  /** Types a text into the current line. `read` is what the pipeline takes it for. */
  type(column: number, text: string, read = text, width = text.length): Piece {
    const piece = { page: this.page, line: this.line, column, width, text, read };
    this.pieces.push(piece);
    return piece;
  }

  centre(text: string): Piece {
    return this.type(Math.floor((COLUMNS - text.length) / 2), text);
  }

  /**
   * Types a text over as many lines as it needs, with breaks where it has some, and leaves the last one. What is read is divided
   * at the same words.
   */
  paragraph(column: number, width: number, text: string, read: string): Piece[] {
    const words = read.split(' ');
    return wrap(text, width).map((line) => {
      this.need(1);
      const piece = this.type(column, line, words.splice(0, line.split(' ').length).join(' '));
      this.line += 1;
      return piece;
    });
  }

  /** Takes the next sheet if fewer lines are left. */
  need(lines: number): boolean {
    if (this.line + lines <= BOTTOM) return false;
    this.page += 1;
    this.line = TOP;
    this.centre(`- ${this.page} -`);
    this.line += 2;
    return true;
  }
}

function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((part) => {
    const lines: string[] = [];
    for (const word of part.split(' ')) {
      const last = lines.at(-1);
      if (last !== undefined && last.length + 1 + word.length <= width)
        lines[lines.length - 1] = `${last} ${word}`;
      else lines.push(word);
    }
    return lines;
  });
}
