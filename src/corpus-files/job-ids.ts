import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readWhole, writeWhole } from '../platform/files/whole.js';
import { bytesOfUuid, UUID_BYTES, uuidAt } from '../platform/uuid.js';

const ENTRY_BYTES = UUID_BYTES + 8;
const PARTITIONS = 256;
const PARTITION_BYTES = 512 * ENTRY_BYTES;

/** The ids of a part that are in memory; those before them are in the file. */
interface Part {
  readonly buffer: Buffer;
  length: number;
  file: number | undefined;
  /** Bytes in the file. */
  written: number;
}

/** A job that was noted more than once. */
export interface Repeated {
  readonly jobId: string;
  /** What was noted with it, in order. */
  readonly notes: readonly number[];
}

/**
 * Finds jobs that occur more than once among any number of them: their ids are put aside in 256 parts, by digest, and each part is
 * looked through by itself. Takes 3 MB of memory, and from some 100,000 ids on a temporary file of 24 bytes an id. The caller must
 * close it.
 */
export class JobIds {
  /** By number of the part; undefined until there is an id for it. */
  private readonly parts = new Array<Part | undefined>(PARTITIONS).fill(undefined);
  private folder: string | undefined;

  /** @param note a whole number, such as that of a line */
  add(jobId: string, note: number): void {
    const id = bytesOfUuid(jobId);
    const part = (this.parts[partOf(id)] ??= {
      buffer: Buffer.allocUnsafe(PARTITION_BYTES),
      length: 0,
      file: undefined,
      written: 0,
    });
    if (part.length === PARTITION_BYTES) {
      part.file ??= openSync(path.join(this.makeFolder(), String(partOf(id))), 'wx+', 0o600);
      writeWhole(part.file, part.buffer, part.written);
      part.written += part.length;
      part.length = 0;
    }
    id.copy(part.buffer, part.length);
    part.buffer.writeDoubleBE(note, part.length + UUID_BYTES);
    part.length += ENTRY_BYTES;
  }

  /** In no order that means anything, but always the same one. */
  *repeated(): Generator<Repeated> {
    for (const part of this.parts) {
      if (part === undefined) continue;
      const spilled = part.file === undefined ? Buffer.alloc(0) : readWhole(part.file, 0, part.written);
      const entries = Buffer.concat([spilled, part.buffer.subarray(0, part.length)]);
      const notes = new Map<string, number | number[]>();
      for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
        const id = entries.toString('latin1', at, at + UUID_BYTES);
        const note = entries.readDoubleBE(at + UUID_BYTES);
        const earlier = notes.get(id);
        if (earlier === undefined) notes.set(id, note);
        else if (typeof earlier === 'number') notes.set(id, [earlier, note]);
        else earlier.push(note);
      }
      for (const [id, found] of notes)
        if (typeof found !== 'number') yield { jobId: uuidAt(Buffer.from(id, 'latin1'), 0), notes: found };
    }
  }

  close(): void {
    for (const part of this.parts) if (part?.file !== undefined) closeSync(part.file);
    if (this.folder !== undefined) rmSync(this.folder, { recursive: true });
  }

  private makeFolder(): string {
    return (this.folder ??= mkdtempSync(path.join(tmpdir(), 'ground-truth-ids-')));
  }
}

/** Ids that grow with time differ at their end, and others anywhere: all bytes count. */
function partOf(id: Buffer): number {
  let mixed = 0;
  for (const byte of id) mixed = (Math.imul(mixed, 31) + byte) | 0;
  return (mixed ^ (mixed >>> 16) ^ (mixed >>> 8)) & (PARTITIONS - 1);
}
