import { confuse, LETTERS_FOR_DIGITS } from './confusion.js';
import { add, remove, replace } from './edits.js';
import { insertMember, type Json, NumberLexeme } from './json-writing.js';
import { listAt, type Mistake, type Page, textAt } from './page.js';
import { type Random } from './random.js';
import { MONTHS } from './vocabulary.js';

/** `Sprin/l23/VI/…`, `PoIres …`. */
export const misreadText: Mistake = (page, random) =>
  spoilField(page, random, ['nomor_sprint', 'perihal', 'satuan'], (text) => confuse(text, random));

/** `1O Juni 2025`. */
export const misreadDate: Mistake = (page, random) =>
  spoilField(page, random, ['tanggal'], (text) => confuse(text, random, LETTERS_FOR_DIGITS));

/** `10-06-2025` and the like for `10 Juni 2025`. */
export const reformatDate: Mistake = (page, random) =>
  spoilField(page, random, ['tanggal'], (text) => {
    const [day = '', name = '', year = ''] = text.split(' ');
    const index = MONTHS.findIndex((month) => month.name === name);
    const numeric = [day.padStart(2, '0'), String(index + 1).padStart(2, '0'), year];
    return random.pick([
      numeric.join('-'),
      numeric.join('/'),
      numeric.toReversed().join('-'),
      `${MONTHS[index]!.english} ${day}, ${year}`,
    ]);
  });

/** A subject that runs over two lines keeps the line break. */
export const keepLineBreak: Mistake = (page, random) =>
  spoilField(page, random, ['perihal', 'satuan'], (text) => {
    const words = text.split(' ');
    const line = random.between(1, words.length - 1);
    return `${words.slice(0, line).join(' ')}\n${words.slice(line).join(' ')}`;
  });

export const loseField: Mistake = (page, random) => {
  const name = page.claimField(random, ['perihal', 'satuan', 'tanggal']);
  if (name === undefined) return undefined;
  const value = page.header[name] ?? null;
  Reflect.deleteProperty(page.header, name);
  return [add(['header', name], value)];
};

/** A field that no page has. */
export const inventField: Mistake = (page, random) => {
  const [name, value] = random.pick<readonly [string, Json]>([
    ['lampiran', '-'],
    ['tembusan', []],
    ['klasifikasi', 'BIASA'],
    ['halaman', new NumberLexeme('1.0')],
    ['kop_surat', 'KEPOLISIAN NEGARA REPUBLIK INDONESIA'],
  ]);
  if (!page.claim(name)) return undefined;
  insertMember(page.header, random.below(Object.keys(page.header).length + 1), name, value);
  return [remove(['header', name])];
};

export const misreadListItem: Mistake = (page, random) => {
  const name = page.claimField(random, ['dasar', 'untuk']);
  if (name === undefined) return undefined;
  const items = listAt(page.header, name);
  const index = random.below(items.length);
  const right = items[index]!;
  const wrong = typeof right === 'string' ? confuse(right, random) : undefined;
  if (wrong === undefined) return undefined;
  items[index] = wrong;
  return [replace(['header', name, index], right)];
};

/** A list item that runs over two lines is read as two items. */
export const splitListItem: Mistake = (page, random) => {
  if (page.claimField(random, ['untuk']) === undefined) return undefined;
  const items = listAt(page.header, 'untuk');
  const index = random.below(items.length);
  const right = items[index]!;
  const words = typeof right === 'string' ? right.split(' ') : [];
  if (words.length < 2) return undefined;
  const line = random.between(1, words.length - 1);
  items.splice(index, 1, words.slice(0, line).join(' '), words.slice(line).join(' '));
  return [replace(['header', 'untuk', index], right), remove(['header', 'untuk', index + 1])];
};

/** Two list items are read as one. */
export const mergeListItems: Mistake = (page, random) => {
  if (page.claimField(random, ['untuk']) === undefined) return undefined;
  const items = listAt(page.header, 'untuk');
  const index = random.below(items.length - 1);
  const [first, second] = items.slice(index, index + 2);
  if (typeof first !== 'string' || typeof second !== 'string') return undefined;
  items.splice(index, 2, `${first}; ${second}`);
  return [replace(['header', 'untuk', index], first), add(['header', 'untuk', index + 1], second)];
};

/** The whole list comes as one text with the numbers in it; the reviewer puts a list in its place. */
export const flattenList: Mistake = (page, random) => {
  const name = page.claimField(random, ['untuk', 'dasar']);
  if (name === undefined) return undefined;
  const items = listAt(page.header, name);
  const lines = items.map((item, index) => `${index + 1}. ${typeof item === 'string' ? item : ''}`);
  page.header[name] = random.chance(0.5) ? lines.join('\n') : [lines.join(' ')];
  return [replace(['header', name], items)];
};

function spoilField(
  page: Page,
  random: Random,
  names: readonly string[],
  misread: (text: string) => string | undefined,
): ReturnType<Mistake> {
  const name = page.claimField(random, names);
  if (name === undefined) return undefined;
  const right = textAt(page.header, name);
  const wrong = misread(right);
  if (wrong === undefined) return undefined;
  page.header[name] = wrong;
  return [replace(['header', name], right)];
}
