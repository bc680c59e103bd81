import { type Random } from '../../samples/random.js';

export interface Document {
  readonly header: Record<string, unknown>;
  readonly personel: Record<string, unknown>[];
}

/** As the API takes it. */
export interface Correction {
  readonly field_path: string;
  readonly op?: 'replace' | 'add' | 'remove';
  readonly new_value?: unknown;
  readonly reason?: string | null;
}

/** A table does not grow beyond so many rows, nor shrink below so few. */
const ROWS = { least: 4, most: 40 };

let drawn = 0;

/** One that fits the document as it is. Values are new ones, so that something changes. */
export function drawCorrection(document: Document, random: Random): Correction {
  const { header, personel: rows } = document;
  const reason = random.chance(0.4) ? random.pick(['salah baca', 'tidak terbaca', 'ganti']) : null;
  const index = random.below(rows.length);
  const name = random.pick(Object.keys(rows[index] ?? { nama: '' }));
  const cell = `/personel/${index}/${escapeName(name)}`;
  const isFull = rows.length >= ROWS.most;
  const isShort = rows.length <= ROWS.least;
  const field = random.pick(Object.keys(header));
  const choices: (Correction & { weight: number })[] = [
    { weight: 4, field_path: cell, new_value: newText() },
    { weight: 2, field_path: `/header/${escapeName(field)}`, new_value: newText() },
    { weight: isFull ? 0 : 1, field_path: '/personel/-', op: 'add', new_value: newRow() },
    { weight: isFull ? 0 : 1, field_path: `personel[${index}]`, op: 'add', new_value: newRow() },
    { weight: 1, field_path: `personel[${index}]["catatan.${index}"]`, op: 'add', new_value: newText() },
    { weight: isShort ? 0 : 2, field_path: `personel[${index}]`, op: 'remove' },
    { weight: Object.keys(rows[index] ?? {}).length > 2 ? 1 : 0, field_path: cell, op: 'remove' },
  ];
  const { weight: _, ...correction } = random.weighted(choices);
  return { ...correction, reason };
}

/** Several that fit one after the other: cells of rows that stay where they are. */
export function drawCorrections({ personel: rows }: Document, random: Random): Correction[] {
  return Array.from({ length: random.between(2, 6) }, () => {
    const index = random.below(rows.length);
    return { field_path: `personel[${index}].nama`, op: 'add', new_value: newText() };
  });
}

/** Another document than the one that is given. */
export function correctByHand(document: Document, random: Random): Document {
  const rows = document.personel.map((row) => (random.chance(0.2) ? { ...row, keterangan: newText() } : row));
  if (rows.length < ROWS.most) rows.splice(random.below(rows.length), 0, newRow());
  else rows.splice(random.below(rows.length), random.between(1, 5));
  return { ...document, personel: rows };
}

/** A result that has what is to be corrected. */
export function isDocument(result: unknown): result is Document {
  const { header, personel } = Object(result) as Partial<Document>;
  return (
    typeof header === 'object' &&
    Object.keys(header).length > 0 &&
    Array.isArray(personel) &&
    personel.length > 0
  );
}

function newText(): string {
  return `TEKS ${++drawn} "baru"`;
}

function newRow(): Record<string, unknown> {
  return { pangkat: 'BRIPDA', nrp: String(70_000_000 + ++drawn), nama: newText(), keterangan: null };
}

function escapeName(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
