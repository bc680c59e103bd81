import { ByteWriter } from '../platform/byte-writer.js';
import { BinaryCopyReader } from '../platform/database/binary-copy.js';
import { BinaryCopyWriter } from '../platform/database/binary-copy-writer.js';
import { parseTimestamp } from '../platform/timestamp.js';
import { ReplayService } from '../replay/replay.service.js';
import { CORRECTION_RECORD, JOB_FIELD_COUNT } from './sample-schema.js';
import { SampleWriter } from './sample-writer.js';

interface Correction {
  readonly field_path: string;
  readonly op?: 'replace' | 'add' | 'remove';
  readonly old_value?: string | null;
  readonly new_value?: string | null;
  readonly position?: number | null;
  readonly corrected_by?: string;
  readonly reason?: string | null;
  readonly corrected_at?: string;
}

interface Job {
  readonly filename?: string;
  readonly source_kind?: string;
  readonly approved?: boolean;
  readonly reviewed_by?: string | null;
  readonly reviewed_at?: string | null;
  readonly result?: string | null;
  readonly review_flags?: readonly string[];
  readonly confidence?: number | null;
  readonly corrections?: readonly Correction[];
}

const ID = '0197a1b2-0000-7000-8000-000000000001';

/** What the database sends for a job: the message of a binary COPY. */
function messageOf({ corrections = [], ...job }: Job): Buffer {
  const time = (text: string | null | undefined) => (text == null ? null : parseTimestamp(text));
  const json = (text: string | null | undefined) => (text == null ? null : Buffer.from(text));
  return new BinaryCopyWriter(JOB_FIELD_COUNT)
    .beginRow()
    .uuid(ID)
    .text(job.filename ?? 'a.pdf')
    .text(job.source_kind ?? 'pdf')
    .boolean(job.approved ?? false)
    .text(job.reviewed_by ?? null)
    .timestamp(time(job.reviewed_at))
    .timestamp(parseTimestamp('2025-06-01T10:15:00Z'))
    .bytes(json(job.result))
    .textArray(job.review_flags ?? [])
    .double(job.confidence ?? null)
    .bytes(arrayOf(corrections.map(recordOf)))
    .take();
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** With its length before it. */
function withLength(value: Buffer | null): Buffer {
  return value === null ? int32(-1) : Buffer.concat([int32(value.length), value]);
}

const RECORD_OID = 2249;
const ANY_OID = 0;

function arrayOf(elements: readonly Buffer[]): Buffer {
  const dimensions = elements.length === 0 ? [] : [int32(elements.length), int32(1)];
  return Buffer.concat([
    int32(dimensions.length / 2),
    int32(0),
    int32(RECORD_OID),
    ...dimensions,
    ...elements.map(withLength),
  ]);
}

function recordOf(correction: Correction): Buffer {
  const text = (value: string | null | undefined) => (value == null ? null : Buffer.from(value));
  const at = Buffer.alloc(8);
  const epoch = parseTimestamp('2000-01-01');
  at.writeBigInt64BE(parseTimestamp(correction.corrected_at ?? '2025-06-02') - epoch);
  const values: Record<string, Buffer | null> = {
    field_path: text(correction.field_path),
    op: text(correction.op ?? 'replace'),
    old_value: text(correction.old_value),
    new_value: text(correction.new_value),
    position: correction.position == null ? null : int32(correction.position),
    corrected_by: text(correction.corrected_by ?? 'rini'),
    reason: text(correction.reason),
    corrected_at: at,
  };
  const fields = CORRECTION_RECORD.map(({ name }) => values[name] ?? null);
  return Buffer.concat([
    int32(fields.length),
    ...fields.flatMap((field) => [int32(ANY_OID), withLength(field)]),
  ]);
}

function write(...jobs: Job[]) {
  const out = new ByteWriter(16);
  const writer = new SampleWriter(new ReplayService(), out);
  for (const job of jobs)
    new BinaryCopyReader(JOB_FIELD_COUNT).read(messageOf(job), (row) => {
      writer.write(row);
    });
  return { text: out.take().toString(), counts: writer.counts };
}

describe('SampleWriter', () => {
  it('writes every key in its order, in canonical form', () => {
    const { text, counts } = write({
      filename: 'é"\\\n\u2028.pdf',
      approved: true,
      reviewed_by: 'Rini "K"',
      reviewed_at: '2025-06-02T03:04:05.6Z',
      result: '{"a":1}',
      review_flags: ['a', 'b,"c"', ''],
      confidence: 0.1,
      corrections: [
        {
          field_path: 'a',
          old_value: '0',
          new_value: '1',
          reason: 'l → 1',
          corrected_at: '2025-06-02T00:00:00.000001Z',
        },
        { field_path: 'b', op: 'remove', old_value: '[1.0]', position: 0 },
      ],
    });
    expect(text).toBe(
      `{"job_id":"${ID}","filename":"é\\"\\\\\\n\u2028.pdf","source_kind":"pdf",` +
        '"approved":true,"reviewed_by":"Rini \\"K\\"","reviewed_at":"2025-06-02T03:04:05.6Z",' +
        '"created_at":"2025-06-01T10:15:00Z","initial_result":{"b":[1.0],"a":0},"final_result":{"a":1},' +
        '"corrections":[{"field_path":"a","old_value":0,"new_value":1,"corrected_by":"rini","reason":"l → 1",' +
        '"corrected_at":"2025-06-02T00:00:00.000001Z"},{"field_path":"b","old_value":[1.0],"new_value":null,' +
        '"corrected_by":"rini","reason":null,"corrected_at":"2025-06-02T00:00:00Z","op":"remove"}],' +
        '"review_flags":["a","b,\\"c\\"",""],"confidence":0.1}\n',
    );
    expect(counts).toEqual({ samples: 1, diverged: 0 });
  });

  it('writes null for what is not there', () => {
    expect(write({}).text).toBe(
      `{"job_id":"${ID}","filename":"a.pdf","source_kind":"pdf","approved":false,"reviewed_by":null,"reviewed_at":null,` +
        '"created_at":"2025-06-01T10:15:00Z","initial_result":null,"final_result":null,"corrections":[],' +
        '"review_flags":[],"confidence":null}\n',
    );
  });

  it('leaves the text of results and values as it is', () => {
    const result = '{"n":[1.0,1e400,-0,198703212010011234],"s":"\\u0041\\/","k":1,"k":2}';
    const old = '{"z":1,"a":1.00}';
    const { text } = write({
      result,
      corrections: [{ field_path: 's', old_value: old, new_value: '"\\u0041\\/"' }],
    });
    expect(text).toContain(
      `"initial_result":${result.replace('"\\u0041\\/"', old)},"final_result":${result},`,
    );
    expect(text).toContain(`"old_value":${old},"new_value":"\\u0041\\/"`);
  });

  it('puts a divergence last, counts it, and goes on with the next sample', () => {
    const { text, counts } = write(
      { result: '{"a":2}', corrections: [{ field_path: 'a', old_value: '0', new_value: '1' }] },
      { result: '{"a":1}', corrections: [{ field_path: 'a', old_value: '0', new_value: '1' }] },
      { result: '{"a":1}', corrections: [{ field_path: 'a[', old_value: '0', new_value: '1' }] },
    );
    const tails = text
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^.*"confidence":null/, ''));
    expect(tails).toEqual([
      ',"diverged":{"correction":0,"reason":"value_differs"}}',
      '}',
      ',"diverged":{"correction":0,"reason":"path_invalid"}}',
    ]);
    expect(counts).toEqual({ samples: 3, diverged: 2 });
  });

  it.each(['\n', '\r', '\r\n'])(
    'keeps a sample on one line where its text has a raw line break: %j',
    (end) => {
      const { text } = write(
        {
          result: `{${end}"a":${end}[ 1.0 ]}`,
          corrections: [{ field_path: 'a[0]', old_value: `{${end}"b" : 2}`, new_value: `1.0${end}` }],
        },
        { result: '"x"' },
      );
      const lines = text.split('\n');
      expect(lines).toHaveLength(3);
      expect(lines[0]).toContain('"initial_result":{"a":[{"b":2}]},"final_result":{"a":[1.0]}');
      expect(lines[0]).toContain('"old_value":{"b":2},"new_value":1.0,');
      expect(text).not.toContain('\r');
    },
  );

  it('has room for texts of any length, and of any characters', () => {
    for (const length of [0, 1, 500, 70_000]) {
      const name = '\u0001"'.repeat(length);
      const { text } = write({
        filename: name,
        reviewed_by: name,
        result: JSON.stringify(name),
        review_flags: Array<string>(10).fill(name),
        corrections: [
          {
            field_path: '',
            old_value: '1',
            new_value: JSON.stringify(name),
            corrected_by: name,
            reason: name,
          },
        ],
      });
      expect(JSON.parse(text)).toMatchObject({
        filename: name,
        reviewed_by: name,
        initial_result: 1,
        final_result: name,
        review_flags: Array<string>(10).fill(name),
        corrections: [{ new_value: name, corrected_by: name, reason: name }],
      });
    }
  });
});
