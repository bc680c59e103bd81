import { type Place } from './edits.js';
import { type Json, type JsonObject, writeJson } from './json-writing.js';
import { type Order } from './order.js';
import { listAt, textAt } from './page.js';
import { type Piece } from './sheets.js';
import { type TypedOrder, typeOrder } from './typed-order.js';

/** A value of the pipeline's result, and where on the pages it comes from. */
export interface ScannedField {
  readonly path: readonly (string | number)[];
  readonly isRight: boolean;
  /** None if nothing on the pages is like it. */
  readonly pieces: readonly Piece[];
}

const NOWHERE: readonly Piece[] = [];
const LISTS = ['dasar', 'untuk'];

/** An order on paper, and what a pipeline makes of it. Make it before the mistakes are. */
export class Scan {
  private readonly paper: Order;
  /** The rows of the order, which stay the same objects while mistakes move them. */
  private readonly rows: ReadonlyMap<JsonObject, number>;

  constructor(private readonly order: Order) {
    const { header, personel } = order;
    const lists = LISTS.map((name): [string, Json] => [name, [...listAt(header, name)]]);
    this.paper = {
      header: { ...header, ...Object.fromEntries(lists) },
      personel: personel.map((row) => ({ ...row })),
    };
    this.rows = new Map(personel.map((row, index) => [row, index]));
  }

  /** The pages. Call it once the mistakes are made, and before one of them is mended. */
  type(misread: readonly Place[]): TypedOrder {
    const read = misread.map(({ holder, key }): [string, string] => {
      const value: unknown = Reflect.get(holder, key);
      return [this.pathOnPaper(holder, key), typeof value === 'string' ? value : ''];
    });
    return typeOrder(this.paper, { read: new Map(read), broken: new Map(this.brokenLines()) });
  }

  private pathOnPaper(holder: JsonObject | Json[], key: string | number): string {
    const { header } = this.order;
    if (holder === header) return `header.${key}`;
    const list = LISTS.find((name) => header[name] === holder);
    return list === undefined
      ? `personel[${this.rows.get(holder as JsonObject)!}].${key}`
      : `header.${list}[${key}]`;
  }

  /** The line breaks that have misled the pipeline. */
  private *brokenLines(): Generator<[string, string]> {
    for (const name of ['perihal', 'satuan']) {
      const text = textAt(this.order.header, name);
      if (text.includes('\n')) yield [`header.${name}`, text];
    }
    const items = listAt(this.order.header, 'untuk');
    for (const [index, right] of listAt(this.paper.header, 'untuk').entries())
      if (isSplit(items, index, right))
        yield [`header.untuk[${index}]`, `${itemAt(items, index)}\n${itemAt(items, index + 1)}`];
  }

  /** All values of the result, in their order. */
  *fields({ places }: TypedOrder): Generator<ScannedField> {
    const piecesOf = (path: string): readonly Piece[] => places.get(path) ?? NOWHERE;
    for (const [name, value] of Object.entries(this.order.header)) {
      if (LISTS.includes(name)) yield* this.listFields(name, value, piecesOf);
      else
        yield {
          path: ['header', name],
          isRight: areEqual(value, this.paper.header[name]),
          pieces: piecesOf(`header.${name}`),
        };
    }
    for (const index of this.order.personel.keys()) yield* this.rowFields(index, piecesOf);
  }

  private *listFields(
    name: string,
    value: Json,
    piecesOf: (path: string) => readonly Piece[],
  ): Generator<ScannedField> {
    const right = listAt(this.paper.header, name);
    const whole = piecesOf(`header.${name}`);
    if (!Array.isArray(value)) yield { path: ['header', name], isRight: false, pieces: whole };
    else if (value.length === 1) yield { path: ['header', name, 0], isRight: false, pieces: whole };
    else {
      let at = 0;
      for (let index = 0; index < value.length; index += 1, at += 1) {
        const path = ['header', name, index];
        const pieces = piecesOf(`header.${name}[${at}]`);
        if (isSplit(value, index, right[at])) {
          const words = itemAt(value, index).split(' ').length;
          const lines = pieces.findIndex((_, line) => wordsIn(pieces.slice(0, line + 1)) === words) + 1;
          yield { path, isRight: false, pieces: pieces.slice(0, lines) };
          index += 1;
          yield { path: ['header', name, index], isRight: false, pieces: pieces.slice(lines) };
        } else if (value[index] === `${itemAt(right, at)}; ${itemAt(right, at + 1)}`) {
          at += 1;
          yield { path, isRight: false, pieces: [...pieces, ...piecesOf(`header.${name}[${at}]`)] };
        } else yield { path, isRight: areEqual(value[index], right[at]), pieces };
      }
    }
  }

  private *rowFields(index: number, piecesOf: (path: string) => readonly Piece[]): Generator<ScannedField> {
    const { personel } = this.order;
    const row = personel[index]!;
    const own = this.rows.get(row);
    const above = personel[index - 1];
    // Read twice, or no row at all.
    const at = own ?? (above && areEqual(row, above) ? this.rows.get(above) : undefined);
    const place = at === undefined ? (row.nama === 'NAMA' ? 'heading' : 'signature') : `personel[${at}]`;
    for (const [name, value] of Object.entries(row)) {
      const right = own === undefined ? undefined : this.paper.personel[own]![name];
      const isMoved = name === 'keterangan' && right === null && value !== null && value !== '';
      let path = `${place}.${name === 'no.' ? 'no' : name}`;
      if (isMoved) path = `personel[${this.noteAbove(own!, value)}].${name}`;
      else if (name === 'satuan') path = 'header.satuan';
      yield { path: ['personel', index, name], isRight: areEqual(value, right), pieces: piecesOf(path) };
    }
  }

  /** The row from which a note has slipped to a row below. */
  private noteAbove(row: number, note: Json): number {
    return this.paper.personel.slice(0, row).findLastIndex(({ keterangan }) => keterangan === note);
  }
}

function itemAt(items: readonly Json[], index: number): string {
  const item = items[index];
  return typeof item === 'string' ? item : '';
}

function areEqual(one: Json | undefined, other: Json | undefined): boolean {
  return one !== undefined && other !== undefined && writeJson(one) === writeJson(other);
}

function isSplit(items: readonly Json[], index: number, right: Json | undefined): boolean {
  return right !== undefined && `${itemAt(items, index)} ${itemAt(items, index + 1)}` === right;
}

function wordsIn(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { text }) => sum + text.split(' ').length, 0);
}
