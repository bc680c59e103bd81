import fc from 'fast-check';
import { anyString } from '../../../test/json-text/arbitrary-json.js';
import { BinaryCopyReader, CopyFormatError } from './binary-copy.js';

const HEADER = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
const TRAILER = Buffer.from([0xff, 0xff]);

function int(size: 2 | 4, value: number): Buffer {
  const buffer = Buffer.alloc(size);
  buffer.writeIntBE(value, 0, size);
  return buffer;
}

function encode(row: readonly (string | null)[]): Buffer {
  const fields = row.flatMap((field) =>
    field === null ? [int(4, -1)] : [int(4, Buffer.byteLength(field)), Buffer.from(field)],
  );
  return Buffer.concat([int(2, row.length), ...fields]);
}

/** @param messages as the server sends them: whole rows, the first with the header */
function readAll(messages: readonly Buffer[], fields: number): (string | null)[][] {
  const rows: (string | null)[][] = [];
  const reader = new BinaryCopyReader(fields);
  for (const message of messages)
    reader.read(message, (row) =>
      rows.push(
        Array.from({ length: fields }, (_, field) =>
          row.isNull(field) ? null : row.bytes.toString('utf8', row.start(field), row.end(field)),
        ),
      ),
    );
  reader.finish();
  return rows;
}

describe('BinaryCopyReader', () => {
  it('reads the same rows whether they come together or one by one', () => {
    const field = fc.option(anyString);
    fc.assert(
      fc.property(fc.array(fc.tuple(field, field, field)), fc.boolean(), (rows, together) => {
        const messages = [...rows.map(encode), TRAILER];
        messages[0] = Buffer.concat([HEADER, messages[0]!]);
        const wellFormed = rows.map((row) => row.map((value) => value && Buffer.from(value).toString()));
        expect(readAll(together ? [Buffer.concat(messages)] : messages, 3)).toEqual(wellFormed);
      }),
    );
  });

  it('skips a header extension', () => {
    const extended = Buffer.concat([
      HEADER.subarray(0, 15),
      int(4, 3),
      Buffer.from('xyz'),
      encode(['a']),
      TRAILER,
    ]);
    expect(readAll([extended], 1)).toEqual([['a']]);
  });

  it('detects at every offset that the stream was cut off', () => {
    const bytes = Buffer.concat([HEADER, encode(['a', null]), encode(['', 'bc']), TRAILER]);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => readAll([bytes.subarray(0, length)], 2)).toThrow(CopyFormatError);
    }
  });

  it.each([
    ['another signature', Buffer.from('PGDUMP\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1'), /signature/],
    ['another number of fields', Buffer.concat([HEADER, encode(['a']), TRAILER]), /1 fields instead of 2/],
    ['data after the trailer', Buffer.concat([HEADER, TRAILER, encode(['a', 'b'])]), /follows the trailer/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => readAll([bytes], 2)).toThrow(message);
  });
});
