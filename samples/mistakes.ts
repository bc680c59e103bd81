import * as header from './header-mistakes.js';
import { type Edit, placeOf } from './edits.js';
import { type Mistake, type Page } from './page.js';
import { type Random } from './random.js';
import * as row from './row-mistakes.js';

export interface Kind {
  readonly make: Mistake;
  /** How often, against the other kinds. */
  readonly weight: number;
  /** What reviewers give as their reason. */
  readonly reasons: readonly string[];
  /** One edit of an ordinary value: what benchmarks are made of. */
  readonly plain?: true;
  /** Characters are taken for others. With all other kinds the text is read right, and something else is made of it. */
  readonly misread?: true;
}

export interface Fix {
  readonly edits: readonly Edit[];
  readonly reasons: readonly string[];
}

const CHARACTER = ['salah baca karakter', 'OCR: huruf dan angka tertukar', 'misread character'];
const ROW = ['jumlah baris tidak sesuai tabel', 'row count differs from the scan'];

/** From the bottom of the page to its top: mended in reverse, as people read. */
export const KINDS: readonly Kind[] = [
  { make: row.inventRow, weight: 2, reasons: ['bukan personel', 'not a person'] },
  { make: row.missRow, weight: 4, reasons: [...ROW, 'baris terlewat'] },
  { make: row.doubleRow, weight: 3, reasons: [...ROW, 'baris ganda'] },
  {
    make: row.moveNote,
    weight: 3,
    reasons: ['keterangan milik baris lain', 'note belongs to the row above'],
  },
  { make: row.inventCell, weight: 3, reasons: ['kolom tidak ada di dokumen', 'not a field of the form'] },
  { make: row.loseCell, weight: 5, reasons: ['kolom belum terisi', 'missing in output'], plain: true },
  { make: row.emptyForNull, weight: 4, reasons: ['kosong seharusnya null', 'empty cell is null'] },
  { make: row.nullForText, weight: 3, reasons: ['isi sel terlewat', 'cell is not empty'] },
  { make: row.writeNipAsNumber, weight: 4, reasons: ['NIP harus teks', 'NIP is a string, not a number'] },
  { make: row.loseLeadingZeros, weight: 3, reasons: ['angka nol di depan hilang', 'leading zero lost'] },
  { make: row.loseTitle, weight: 4, reasons: ['gelar terlewat', 'academic title missing'] },
  { make: row.misreadName, weight: 11, reasons: CHARACTER, plain: true, misread: true },
  {
    make: row.misreadRank,
    weight: 13,
    reasons: ['pangkat keliru', 'wrong rank', 'cek ulang pangkat'],
    plain: true,
    misread: true,
  },
  { make: row.readLetterForDigit, weight: 10, reasons: CHARACTER, plain: true, misread: true },
  {
    make: row.dropDigit,
    weight: 8,
    reasons: ['NRP kurang satu digit', 'digit missing'],
    plain: true,
    misread: true,
  },
  {
    make: row.swapDigits,
    weight: 8,
    reasons: ['digit NRP tertukar', 'digits swapped'],
    plain: true,
    misread: true,
  },
  {
    make: row.mendTwice,
    weight: 4,
    reasons: ['dicek ulang dengan data SDM', 'checked against the roster'],
    misread: true,
  },
  { make: header.flattenList, weight: 2, reasons: ['daftar harus dipisah per butir', 'should be a list'] },
  { make: header.mergeListItems, weight: 3, reasons: ['dua butir tergabung', 'two items in one'] },
  { make: header.splitListItem, weight: 3, reasons: ['satu butir terpotong', 'one item, wrapped line'] },
  { make: header.misreadListItem, weight: 4, reasons: CHARACTER, plain: true, misread: true },
  { make: header.inventField, weight: 3, reasons: ['tidak ada di dokumen', 'not on the page'] },
  { make: header.loseField, weight: 4, reasons: ['belum terisi', 'missing in output'], plain: true },
  {
    make: header.keepLineBreak,
    weight: 2,
    reasons: ['ganti baris tidak perlu', 'line break inside the value'],
  },
  { make: header.reformatDate, weight: 3, reasons: ['format tanggal sesuai naskah', 'date as printed'] },
  {
    make: header.misreadDate,
    weight: 6,
    reasons: ['angka 0 terbaca huruf O', ...CHARACTER],
    plain: true,
    misread: true,
  },
  { make: header.misreadText, weight: 7, reasons: CHARACTER, plain: true, misread: true },
];

export const PLAIN_KINDS: readonly Kind[] = KINDS.filter((kind) => kind.plain);

/** A page that offers no place to the kinds drawn ends with fewer mistakes than wanted. */
const ATTEMPTS = 60;

/** Makes up to `wanted` mistakes on the page. The fixes come in the order in which they have to be made. */
export function spoil(page: Page, random: Random, kinds: readonly Kind[], wanted: number): Fix[] {
  const drawn = Array.from({ length: ATTEMPTS }, () => random.weighted(kinds));
  const fixes: Fix[] = [];
  const inPageOrder = drawn.slice(0, wanted).sort((one, other) => kinds.indexOf(one) - kinds.indexOf(other));
  for (const kind of [...inPageOrder, ...drawn.slice(wanted)]) {
    if (fixes.length === wanted) break;
    const edits = kind.make(page, random);
    if (edits === undefined) continue;
    fixes.unshift({ edits, reasons: kind.reasons });
    if (kind.misread) page.misread.push(placeOf(page.order, edits[0]!.path));
  }
  return fixes;
}
