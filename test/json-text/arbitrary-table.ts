import fc from 'fast-check';
import { type Json } from './changed-leaves.js';

type Row = Record<string, Json>;

const WORDS = [
  'BUDI',
  'SARI',
  'AGUS',
  'DEWI',
  'RUDI',
  'POLRES',
  'POLDA',
  'JALAN',
  'MERDEKA',
  'SATUAN',
  'UTAMA',
  'KOTA',
];
const RANKS = ['AKP', 'IPTU', 'BRIPKA', 'BRIGADIR'];

/** What one column of a table holds, given the 0-based row and a random number. */
const COLUMNS: Record<string, (row: number, random: number) => Json> = {
  no: (row) => row + 1,
  label: (row) => `${row + 1}.`,
  id: (_, random) => `id-${random.toString(36)}`,
  nama: (_, random) => [random, random >> 4, random >> 8].map((n) => WORDS[n % WORDS.length]!).join(' '),
  nrp: (_, random) => String(70_000_000 + (random % 20_000_000)),
  pangkat: (_, random) => RANKS[random % RANKS.length]!,
  jumlah: (_, random) => random % 5,
  kosong: () => null,
  tags: (_, random) => WORDS.slice(random % 4, (random % 4) + (random % 3)),
  kotak: (row, random) => [row, row + 1, random % 50],
  butir: (_, random) =>
    Array.from({ length: random % 3 }, (__, n) => ({
      nama: WORDS[(random + n) % WORDS.length]!,
      harga: (random >> n) % 90,
    })),
};

const columns = fc.subarray(Object.keys(COLUMNS), { minLength: 1, maxLength: 6 });

/** What a reviewer does to a table. */
const edit = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('cell'), at: fc.nat(), random: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('insert'), at: fc.nat(), random: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove'), at: fc.nat(), random: fc.nat() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('column', 'typos', 'renumber', 'rename', 'move', 'repeat', 'new ids'),
      at: fc.nat(),
      random: fc.nat(),
    }),
  },
);

/** Two versions of a table: with and without keys, running numbers, equal rows, inner tables; edited here and there or all over. */
export const tables: fc.Arbitrary<{ before: Json; after: Json }> = fc
  .record({
    columns,
    rows: fc.array(fc.nat(), { maxLength: 40 }),
    isRepetitive: fc.boolean(),
    edits: fc.array(edit, { maxLength: 12 }),
  })
  .map(({ columns: names, rows, isRepetitive, edits }) => {
    const rowOf = (row: number, random: number) => {
      const seed = isRepetitive ? random % 7 : random;
      return Object.fromEntries(names.map((name, n) => [name, COLUMNS[name]!(row, seed + n)]));
    };
    const before = rows.map((random, row) => rowOf(row, random));
    let after: Row[] = structuredClone(before);
    for (const { kind, at, random } of edits) after = edited(after, kind, at, random, rowOf);
    return { before, after };
  });

function edited(
  rows: Row[],
  kind: string,
  at: number,
  random: number,
  rowOf: (row: number, random: number) => Row,
): Row[] {
  const row = at % (rows.length + 1);
  const names = Object.keys(rows[0] ?? {});
  const name = names[random % Math.max(1, names.length)];
  const inColumn = (change: (value: Json, index: number) => Json) =>
    name === undefined
      ? rows
      : rows.map((each, n) => ({ ...each, ...(name in each && { [name]: change(each[name]!, n) }) }));
  switch (kind) {
    case 'insert':
      return [...rows.slice(0, row), rowOf(row, random), ...rows.slice(row)];
    case 'remove':
      return rows.filter((_, n) => n !== row);
    case 'move': {
      const moved = rows[row];
      if (moved === undefined) return rows;
      const rest = rows.filter((each) => each !== moved);
      return [...rest.slice(0, random % (rest.length + 1)), moved, ...rest.slice(random % (rest.length + 1))];
    }
    case 'repeat':
      return [...rows, ...structuredClone(rows.slice(row, row + 2))];
    case 'renumber':
      return rows.map((each, n) => ({
        ...each,
        ...('no' in each && { no: n + 1 }),
        ...('label' in each && { label: `${n + 1}.` }),
      }));
    case 'new ids':
      return rows.map((each, n) => ({ ...each, ...('id' in each && { id: `new-${random}-${n}` }) }));
    case 'rename':
      return rows.map((each) =>
        Object.fromEntries(
          Object.entries(each).map(([key, value]) => [key === name ? `${key}_baru` : key, value]),
        ),
      );
    case 'typos':
      return inColumn((value, n) => (n % 2 === random % 2 ? typo(value, random) : value));
    case 'column':
      return inColumn((value) => typo(value, random));
    default:
      return rows.map((each, n) =>
        n === row && name !== undefined && name in each
          ? { ...each, [name]: typo(each[name]!, random) }
          : each,
      );
  }
}

/** As machines misread: a letter of a text, a number by a little, an element of a list. */
function typo(value: Json, random: number): Json {
  if (typeof value === 'number') return value + 1 + (random % 3);
  if (typeof value === 'string') {
    const at = random % (value.length + 1);
    return `${value.slice(0, at)}${'0Il1'[random % 4]!}${value.slice(at + 1)}`;
  }
  if (Array.isArray(value)) return value.length === 0 ? ['BARU'] : value.slice(1);
  return value ?? 'ADA';
}
