import { type Order } from './order.js';
import { COLUMNS, type Piece, Sheets } from './sheets.js';
import { listAt, textAt } from './page.js';

/** How an order is typed, and what the pipeline makes of it, where that is not what is there. By the path of the value in the order. */
export interface Typing {
  /** What is read in place of a value. */
  readonly read: ReadonlyMap<string, string>;
  /** Values that are typed with line breaks. */
  readonly broken: ReadonlyMap<string, string>;
}

export interface TypedOrder {
  readonly pages: number;
  readonly pieces: readonly Piece[];
  /**
   * The pieces of each value, by its path in the order; those of a list are its lines, numbers included. Also `heading.…` and
   * `signature.…`, which are no values, and `personel[0].no`, the running number.
   */
  readonly places: ReadonlyMap<string, readonly Piece[]>;
}

const MARGIN = 5;
const LABELLED = 20;
const MOST = 85;

/** The columns of the table, and their widths. */
const CELLS = [
  ['no', 'NO', 3],
  ['pangkat', 'PANGKAT', 8],
  ['nrp', 'NRP/NIP', 18],
  ['nama', 'NAMA', 32],
  ['jabatan', 'JABATAN', 25],
  ['keterangan', 'KET', 11],
] as const;
const GAP = 2;

/** Types an order as it is on paper. */
export function typeOrder({ header, personel }: Order, { read, broken }: Typing): TypedOrder {
  const sheets = new Sheets();
  const places = new Map<string, readonly Piece[]>();
  const as = (path: string, text: string): [text: string, read: string] => [
    broken.get(path) ?? text,
    read.get(path) ?? text,
  ];

  const value = (path: string, column: number, text: string): void => {
    places.set(path, sheets.paragraph(column, MOST, ...as(path, text)));
  };
  const label = (text: string): void => {
    sheets.type(MARGIN, text);
    sheets.type(LABELLED - 2, ':');
  };
  const list = (name: string, title: string): void => {
    const lines: Piece[] = [];
    for (const [index, item] of listAt(header, name).entries()) {
      const path = `header.${name}[${index}]`;
      sheets.need(1);
      if (index === 0) label(title);
      const number = sheets.type(LABELLED, `${index + 1}.`);
      const pieces = sheets.paragraph(LABELLED + 3, MOST, ...as(path, typeof item === 'string' ? item : ''));
      places.set(path, pieces);
      lines.push(number, ...pieces);
    }
    places.set(`header.${name}`, lines);
    sheets.line += 1;
  };
  const headings = (): void => {
    let column = MARGIN;
    for (const [name, heading, width] of CELLS) {
      places.set(`heading.${name}`, [sheets.type(column, heading)]);
      column += width + GAP;
    }
    sheets.line += 2;
  };

  value('header.satuan', MARGIN, textAt(header, 'satuan'));
  sheets.line += 1;
  sheets.centre('SURAT PERINTAH');
  sheets.line += 1;
  const number = textAt(header, 'nomor_sprint');
  const start = Math.floor((COLUMNS - 'Nomor: '.length - number.length) / 2);
  sheets.type(start, 'Nomor:');
  value('header.nomor_sprint', start + 'Nomor: '.length, number);
  sheets.line += 1;
  label('Perihal');
  value('header.perihal', LABELLED, textAt(header, 'perihal'));
  sheets.line += 1;
  list('dasar', 'Dasar');
  sheets.centre('DIPERINTAHKAN');
  sheets.line += 2;
  label('Kepada');
  sheets.type(LABELLED, 'Nama-nama tersebut di bawah ini');
  sheets.line += 2;
  headings();
  for (const [index, row] of personel.entries()) {
    if (sheets.need(1)) headings();
    let column = MARGIN;
    for (const [name, , width] of CELLS) {
      const path = `personel[${index}].${name}`;
      const text = name === 'no' ? String(index + 1) : textAt(row, name);
      places.set(path, [sheets.type(column, text, read.get(path), text === '' ? width : text.length)]);
      column += width + GAP;
    }
    sheets.line += 2;
  }
  sheets.need(4);
  list('untuk', 'Untuk');
  sheets.need(8);
  sheets.type(70, 'Dikeluarkan pada tanggal');
  value('header.tanggal', 95, textAt(header, 'tanggal'));
  sheets.line += 1;
  for (const [name, text] of [
    ['nama', 'a.n. KEPALA'],
    ['jabatan', 'WAKA'],
    ['ttd', 'ttd'],
    ['pangkat', 'KOMPOL'],
  ] as const) {
    if (name === 'ttd') sheets.line += 1;
    places.set(`signature.${name}`, [sheets.type(78, text)]);
    sheets.line += 1;
  }
  return { pages: sheets.page, pieces: sheets.pieces, places };
}

/** The text of a page, as the pipeline reads it. */
export function textOf(pieces: readonly Piece[], page: number): string {
  let text = '';
  let last: Piece | undefined;
  for (const piece of pieces) {
    if (piece.page !== page || piece.read === '') continue;
    if (last?.line === piece.line) text += piece.column - last.column - last.width > 1 ? '  ' : ' ';
    else if (last) text += piece.line - last.line > 2 ? '\n\n' : '\n';
    text += piece.read;
    last = piece;
  }
  return `${text}\n`;
}
