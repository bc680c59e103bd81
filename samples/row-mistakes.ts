import { confuse, LETTERS_FOR_DIGITS, withDigitsSwapped, withoutDigit } from './confusion.js';
import { add, remove, replace } from './edits.js';
import { insertMember, type Json, type JsonObject, NumberLexeme } from './json-writing.js';
import { type Mistake, type Page, textAt } from './page.js';
import { type Random } from './random.js';
import { RANKS } from './vocabulary.js';

/** `AGUS 5ETIAWAN`. */
export const misreadName: Mistake = (page, random) =>
  spoilCell(page, random, random.chance(0.8) ? 'nama' : 'jabatan', (text) => confuse(text, random));

/** `AGUS SETIAWAN` for `AGUS SETIAWAN, S.H.` */
export const loseTitle: Mistake = (page, random) =>
  spoilCell(page, random, 'nama', (name) =>
    name.includes(',') ? name.slice(0, name.indexOf(',')) : undefined,
  );

export const misreadRank: Mistake = (page, random) =>
  spoilCell(page, random, 'pangkat', (pangkat) => {
    const rank = RANKS.find((candidate) => candidate.pangkat === pangkat);
    return rank === undefined ? undefined : random.pick(rank.misread);
  });

/** `B7031234` for `87031234`. */
export const readLetterForDigit: Mistake = (page, random) =>
  spoilCell(page, random, 'nrp', (nrp) => confuse(nrp, random, LETTERS_FOR_DIGITS));

export const dropDigit: Mistake = (page, random) =>
  spoilCell(page, random, 'nrp', (nrp) => withoutDigit(nrp, random));

export const swapDigits: Mistake = (page, random) =>
  spoilCell(page, random, 'nrp', (nrp) => withDigitsSwapped(nrp, random));

/** A digit is missing, and the first reviewer to put it back makes a slip that the second one mends. */
export const mendTwice: Mistake = (page, random) => {
  const index = page.claimRow(random);
  if (index === undefined) return undefined;
  const row = page.rows[index]!;
  const right = textAt(row, 'nrp');
  const slip = withDigitsSwapped(right, random);
  if (slip === undefined) return undefined;
  row.nrp = withoutDigit(right, random);
  return [replace(['personel', index, 'nrp'], slip), replace(['personel', index, 'nrp'], right)];
};

/** A civil servant's 18 digits come as a JSON number: more than a double can hold. */
export const writeNipAsNumber: Mistake = (page, random) =>
  spoilCell(page, random, 'nrp', (nip) => (nip.length === 18 ? new NumberLexeme(nip) : undefined));

/** `2051234` for `"02051234"`: who was born from 2000 on loses the leading zeros to a JSON number. */
export const loseLeadingZeros: Mistake = (page, random) =>
  spoilCell(page, random, 'nrp', (nrp) =>
    nrp.startsWith('0') ? new NumberLexeme(nrp.replace(/^0+/, '')) : undefined,
  );

export const emptyForNull: Mistake = (page, random) =>
  spoilCell(page, random, 'keterangan', (_text, value) => (value === null ? '' : undefined));

export const nullForText: Mistake = (page, random) =>
  spoilCell(page, random, random.chance(0.5) ? 'keterangan' : 'jabatan', (text) =>
    text === '' ? undefined : null,
  );

export const loseCell: Mistake = (page, random) => {
  const name = random.pick(['jabatan', 'keterangan', 'keterangan', 'nrp']);
  const index = page.claimRow(random, (row) => Object.hasOwn(row, name));
  if (index === undefined) return undefined;
  const row = page.rows[index]!;
  const value = row[name] ?? null;
  Reflect.deleteProperty(row, name);
  return [add(['personel', index, name], value)];
};

/** The table's running number becomes a member of its own, or one that the table does not have is made up. */
export const inventCell: Mistake = (page, random) => {
  const index = page.claimRow(random);
  if (index === undefined) return undefined;
  const [name, position, value] = random.pick<readonly [string, number, Json]>([
    ['no.', 0, new NumberLexeme(String(index + 1))],
    ['no', 0, new NumberLexeme(`${index + 1}.0`)],
    ['satuan', 3, textAt(page.header, 'satuan')],
    ['ttd', 5, null],
  ]);
  insertMember(page.rows[index]!, position, name, value);
  return [remove(['personel', index, name])];
};

export const missRow: Mistake = (page, random) => {
  if (page.rows.length < 3) return undefined;
  const index = page.claimRow(random);
  if (index === undefined) return undefined;
  const row = page.rows[index]!;
  page.rows.splice(index, 1);
  return [add(['personel', index], row)];
};

/** A row at the fold between two pages is read on both. */
export const doubleRow: Mistake = (page, random) => {
  const index = page.claimRow(random);
  if (index === undefined) return undefined;
  insertRow(page, index + 1, { ...page.rows[index] });
  return [remove(['personel', index + 1])];
};

/** The table's heading, or the signature below it, is read as a row. */
export const inventRow: Mistake = (page, random) => {
  const heading = random.chance(0.5);
  const index = heading ? 0 : page.rows.length;
  const row = heading
    ? { pangkat: 'PANGKAT', nrp: 'NRP/NIP', nama: 'NAMA', jabatan: 'JABATAN', keterangan: 'KET' }
    : { pangkat: 'KOMPOL', nrp: '', nama: 'a.n. KEPALA', jabatan: 'WAKA', keterangan: null };
  insertRow(page, index, row);
  return [remove(['personel', index])];
};

/** A note slips into the next line of the table. */
export const moveNote: Mistake = (page, random) => {
  const index = page.claimRow(random, (row, at) => {
    const next = page.rows[at + 1];
    return textAt(row, 'keterangan') !== '' && next?.keterangan === null && page.claim(next);
  });
  if (index === undefined) return undefined;
  const row = page.rows[index]!;
  const next = page.rows[index + 1]!;
  const note = textAt(row, 'keterangan');
  row.keterangan = null;
  next.keterangan = note;
  return [
    replace(['personel', index, 'keterangan'], note),
    replace(['personel', index + 1, 'keterangan'], null),
  ];
};

function insertRow(page: Page, index: number, row: JsonObject): void {
  page.claim(row);
  page.rows.splice(index, 0, row);
}

/** Misreads one cell of a row that is whole, where `misread` finds one that it can. */
function spoilCell(
  page: Page,
  random: Random,
  name: string,
  misread: (text: string, value: Json) => Json | undefined,
): ReturnType<Mistake> {
  let wrong: Json | undefined;
  const index = page.claimRow(random, (row) => {
    wrong = misread(textAt(row, name), row[name] ?? null);
    return wrong !== undefined;
  });
  if (index === undefined || wrong === undefined) return undefined;
  const row = page.rows[index]!;
  const right = row[name] ?? null;
  row[name] = wrong;
  return [replace(['personel', index, name], right)];
}
