import fc from 'fast-check';
import { tables } from '../../test/json-text/arbitrary-table.js';
import { type Json } from '../../test/json-text/changed-leaves.js';
import { derivedCorrections, ratio, summarize } from '../../test/json-text/derived-corrections.js';

const edits = (before: Json, after: Json) =>
  derivedCorrections(before, after).map(({ op, path }) => `${op} ${path}`);

const person = (nama: string, nrp: string, rest: object = {}) => ({
  nrp,
  nama,
  pangkat: 'AKP',
  jabatan: 'KASAT',
  ...rest,
});
const numbered = (rows: readonly object[]) =>
  rows.map((row, n) => ({ no: n + 1, ...row })) as unknown as Json;

describe('rows are aligned by similarity', () => {
  it('changes few more leaves than the least, in tables of any kind', () => {
    const pairs = fc.sample(tables, { numRuns: 400, seed: 20251126 });
    const { within, worst } = summarize(pairs.map(({ before, after }) => ratio(before, after)));
    process.stdout.write(
      `of ${pairs.length} tables, ${(100 * within).toFixed(1)}% within 1.25 of the least change; worst ${worst.toFixed(2)}\n`,
    );
    expect(within).toBeGreaterThanOrEqual(0.95);
    expect(worst).toBeLessThanOrEqual(2);
  });

  it('changes few more leaves than the least in a table of hundreds of rows that all changed', () => {
    const rows = Array.from({ length: 200 }, (_, n) =>
      person(`NAMA ${(n * 7919) % 10_007}`, String(80_000_000 + n * 977)),
    );
    const after = rows.map((row, n) => ({
      ...row,
      nama: row.nama.replace('A', '4'),
      ...(n % 3 === 0 && { pangkat: 'IPTU' }),
    }));
    after.splice(20, 0, ...rows.slice(0, 40).map(({ nama }) => person(`${nama} BARU`, '1')));
    after.splice(150, 30);
    expect(ratio(rows, after)).toBeLessThanOrEqual(1.25);
  });

  it('adds the row that was inserted beside one that was edited', () => {
    expect(
      edits(
        { p: [person('TARI W', '8703l234')] },
        { p: [person('BAGAS', '85010101', { pangkat: 'KOMPOL' }), person('TARI W', '87031234')] },
      ),
    ).toEqual(['add p[0]', 'replace p[1].nrp']);
  });

  it('removes the row that was removed beside one that was edited', () => {
    const row = (id: string, foo: string) => ({ id, foo });
    expect(edits([row('1', 'b1'), row('2', 'b2'), row('3', 'b3')], [row('1', 'b1'), row('3', 'b4')])).toEqual(
      ['remove [1]', 'replace [1].foo'],
    );
  });

  it('renumbers a table after an inserted row, and takes no person for another one', () => {
    const people = ['A', 'B', 'C', 'D'].map((nama, n) => person(`${nama}${nama}`, `87000${n}`));
    expect(edits(numbered(people), numbered([person('BARU', '99'), ...people]))).toEqual([
      'add [0]',
      'replace [1].no',
      'replace [2].no',
      'replace [3].no',
      'replace [4].no',
    ]);
  });

  it('lets a running number say where a row stands, not which row it is', () => {
    const texts = ['BUDI', 'SARI', 'AGUS'].map((nama) => ({ nama }));
    const after = numbered([{ nama: 'DEWI' }, ...texts]);
    expect(edits(numbered(texts), after)).toEqual([
      'add [0]',
      'replace [1].no',
      'replace [2].no',
      'replace [3].no',
    ]);
  });

  it('does not mind keys that are new in each version', () => {
    const rows = ['BUDI', 'SARI', 'AGUS'].map((nama, n) => ({ id: `a${n}`, nama, nrp: `8${n}` }));
    const after = rows.slice(1).map((row) => ({ ...row, id: `b${row.id}` }));
    expect(edits(rows, after)).toEqual(['remove [0]', 'replace [0].id', 'replace [1].id']);
  });

  it('pairs the texts that are similar', () => {
    expect(edits(['Jalan Merdeka 1', 'Jakarta'], ['Kepada Yth.', 'Jalan Merdeka l', 'Jakarta'])).toEqual([
      'add [0]',
      'replace [1]',
    ]);
    expect(edits(['l0.000', 'Rp 25.000'], ['10.000', 'Diskon', 'Rp 25,000'])).toEqual([
      'add [1]',
      'replace [0]',
      'replace [2]',
    ]);
  });

  it('finds the row whose inner table changed', () => {
    const bill = (nama: string, ...harga: number[]) => ({
      nama,
      butir: harga.map((each) => ({ harga: each })),
    });
    expect(
      edits([bill('A', 1, 2, 3), bill('B', 4, 5)], [bill('X', 9), bill('A', 1, 3), bill('B', 4, 5)]),
    ).toEqual(['add [0]', 'remove [1].butir[1]']);
  });

  it('keeps a row whose value became another kind of value', () => {
    expect(edits([{ a: null }, { a: 1 }], [{ a: [['new']] }, { a: 1 }])).toEqual(['replace [0].a']);
  });

  it('aligns rows with more leaves than are compared', () => {
    const wide = (n: number) =>
      Object.fromEntries(Array.from({ length: 700 }, (_, k) => [`k${k}`, `${n}.${k}`]));
    const after = [wide(3), { ...wide(0), k699: 'x' }, wide(1)];
    expect(edits([wide(0), wide(1)], after)).toEqual(['add [0]', 'replace [1].k699']);
  });
});
