import fc from 'fast-check';
import { formatFieldPath, key } from '../json-text/index.js';
import { type CorpusSample } from './corpus-sample.js';
import { parseField, PartReader } from './parts.js';

interface Row {
  readonly id: number;
  readonly nama: string;
}

/** A change of a table, of the row that a number leads to. */
const change = fc.record({
  op: fc.constantFrom('edit', 'add', 'remove', 'replace'),
  at: fc.nat(),
  nama: fc.string(),
});

const FIELD = [key('a.b'), 1, key('personel')];

function sampleOf(initial: unknown, final: unknown, corrections: readonly unknown[]): CorpusSample {
  const text = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  return {
    jobId: '',
    filename: '',
    approved: true,
    diverged: false,
    initial: text(initial),
    final: text(final),
    corrections: text(corrections),
    sources: undefined,
    producer: undefined,
  };
}

it('finds for each row of the final table the one of the initial table that it was', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string(), { maxLength: 6 }),
      fc.array(change, { maxLength: 12 }),
      (names, changes) => {
        const initial = names.map((nama, id): Row => ({ id, nama }));
        let rows: readonly Row[] = initial;
        let added = initial.length;
        const corrections: unknown[] = [];
        const correct = (op: string, at: number, below: string, old_value: unknown, new_value: unknown) => {
          const field_path = `${formatFieldPath([...FIELD, at])}${below}`;
          corrections.push({ field_path, ...(op !== 'replace' && { op }), old_value, new_value });
        };
        for (const { op, at, nama } of changes) {
          const place = at % (rows.length + (op === 'add' ? 1 : 0) || 1);
          const row = rows[place];
          if (op === 'add') {
            const made = { id: added++, nama };
            correct('add', place, '', null, made);
            rows = rows.toSpliced(place, 0, made);
          } else if (row && op === 'remove') {
            correct('remove', place, '', row, null);
            rows = rows.toSpliced(place, 1);
          } else if (row) {
            const made = { ...row, nama };
            if (op === 'edit') correct('replace', place, '.nama', row.nama, nama);
            else correct('replace', place, '', row, made);
            rows = rows.with(place, made);
          }
        }
        const documentOf = (personel: readonly Row[]) => ({ 'a.b': [0, { personel }] });
        const sample = sampleOf(documentOf(initial), documentOf(rows), corrections);
        const parts = new PartReader(parseField('["a.b"][1].personel[*]')!).read(sample, true);
        const expected = rows.map((row, index) => ({
          final: Buffer.from(JSON.stringify(row)),
          initial: initial[row.id] && Buffer.from(JSON.stringify(initial[row.id])),
          index,
        }));
        const kept = rows.filter(({ id }) => id < initial.length).length;
        expect(parts).toEqual({ parts: expected, removed: initial.length - kept });
      },
    ),
  );
});

it('aligns the rows of a table that was replaced as a whole', () => {
  const [before, after] = [
    [
      { nama: 'ADI', nrp: '1' },
      { nama: 'BUDI', nrp: '2' },
    ],
    [
      { nama: 'CITRA', nrp: '3' },
      { nama: 'ADI', nrp: '1' },
      { nama: 'BUD1', nrp: '2' },
    ],
  ];
  const sample = sampleOf({ personel: before }, { personel: after }, [
    { field_path: '', old_value: { personel: before }, new_value: { personel: after } },
  ]);
  const parts = new PartReader(parseField('personel[*]')!).read(sample, true);
  expect(parts).toEqual({
    parts: after.map((row, index) => ({
      final: Buffer.from(JSON.stringify(row)),
      initial: index === 0 ? undefined : Buffer.from(JSON.stringify(before[index - 1])),
      index,
    })),
    removed: 0,
  });
});

it('has no initial rows where a correction brought the table, or there was no result', () => {
  const reader = new PartReader(parseField('t[*]')!);
  const corrections = [{ field_path: 't', op: 'add', old_value: null, new_value: [1] }];
  const parts = [{ final: Buffer.from('1'), initial: undefined, index: 0 }];
  expect(reader.read(sampleOf({}, { t: [1] }, corrections), true)).toEqual({ parts, removed: 0 });
  const whole = [{ field_path: '', old_value: null, new_value: { t: [1] } }];
  expect(reader.read(sampleOf(null, { t: [1] }, whole), true)).toEqual({ parts, removed: 0 });
});

it('counts the rows of a table in whose place a correction brought another as removed, and not those of one that moved', () => {
  const parts = [{ final: Buffer.from('9'), initial: undefined, index: 0 }];
  const reader = new PartReader(parseField('[0].t[*]')!);
  const corrections = [
    { field_path: '[0].t', op: 'remove', old_value: [1, 2], new_value: null },
    { field_path: '[0].t', op: 'add', old_value: null, new_value: [9] },
  ];
  const initial = [{ t: [1, 2] }];
  expect(reader.read(sampleOf(initial, [{ t: [9] }], corrections), true)).toEqual({ parts, removed: 2 });
  const inserted = [{ field_path: '[0]', op: 'add', old_value: null, new_value: { t: [9] } }];
  const sample = sampleOf(initial, [{ t: [9] }, ...initial], inserted);
  expect(reader.read(sample, true)).toEqual({ parts, removed: 0 });
});

it('reads paths that end in [*] as those of rows, and no others', () => {
  expect(parseField('[*]')).toEqual({ path: [], isByRow: true });
  expect(parseField('header')).toMatchObject({ isByRow: false });
  for (const text of ['personel[*].nrp', 'personel[*][*]', '*', 'a.[*]']) {
    const field = parseField(text);
    expect([text, field?.isByRow]).toEqual([text, text === '*' ? false : undefined]);
  }
});
