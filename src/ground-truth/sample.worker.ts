/** Runs in a worker thread: see ExportService. */
import { ByteWriter } from '../platform/byte-writer.js';
import { type CopyRow, IndexedRow } from '../platform/database/binary-copy.js';
import { NULL_LENGTH } from '../platform/database/postgres-binary.js';
import { inThread } from '../platform/threads.js';
import { ReplayService } from '../replay/replay.service.js';
import { type Include } from './evidence-sql.js';
import { SampleWriter } from './sample-writer.js';

/** One row of `corpusQuery`. */
export interface SampleTask {
  readonly bytes: Buffer;
  /** By field: where it starts and ends; null if the field is. */
  readonly fields: readonly (readonly [start: number, end: number] | null)[];
  readonly include: readonly Include[];
}

/** One line of a corpus. */
export interface SampleLine {
  readonly line: Buffer;
  readonly hasDiverged: boolean;
}

/** Copies the row, which is valid until the next one is read only. */
export function toTask(row: CopyRow, fields: number, include: ReadonlySet<Include> = new Set()): SampleTask {
  return {
    bytes: Buffer.from(row.bytes),
    fields: Array.from({ length: fields }, (_, field) =>
      row.isNull(field) ? null : ([row.start(field), row.end(field)] as const),
    ),
    include: [...include],
  };
}

class SentRow extends IndexedRow {
  readonly bytes: Buffer;

  constructor({ bytes, fields }: SampleTask) {
    super(fields.length);
    this.bytes = bytes;
    for (const [field, place] of fields.entries()) {
      this.starts[field] = place?.[0] ?? 0;
      this.lengths[field] = place === null ? NULL_LENGTH : place[1] - place[0];
    }
  }
}

const replay = new ReplayService();

export const writeSample = inThread((task: SampleTask): SampleLine => {
  const out = new ByteWriter(task.bytes.length * 2);
  const writer = new SampleWriter(replay, out, new Set(task.include));
  writer.write(new SentRow(task));
  return { line: out.take(), hasDiverged: writer.counts.diverged > 0 };
});
