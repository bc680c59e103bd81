import { Injectable } from '@nestjs/common';
import { compact } from '../json-text/compact.js';
import { FieldPathCache } from '../json-text/field-path-cache.js';
import { type Edit, type Op, type Replayed, replay } from '../replay/replay.js';

/** A correction as it is stored. JSON text that is absent is null. */
export interface RecordedCorrection {
  readonly fieldPath: string;
  readonly op: Op;
  readonly oldValue: Buffer;
  readonly newValue: Buffer;
  readonly position: number | null;
}

/** Reconstructs what the pipeline gave from what is stored. */
@Injectable()
export class ReplayService {
  private readonly paths = new FieldPathCache();

  /** Undoes a stored trail, given in its order, and verifies each step; see `replay`. */
  replay(result: Buffer, trail: readonly RecordedCorrection[]): Replayed {
    return replay(
      result,
      trail.map((correction) => this.toEdit(correction)),
    );
  }

  private toEdit({ fieldPath, op, oldValue, newValue, position }: RecordedCorrection): Edit {
    return { path: this.paths.parse(fieldPath), op, oldValue, newValue, position };
  }
}

/**
 * Stored JSON text as a line can hold it. What came in by the API or an import is compact already; only direct SQL can have
 * left white space in it.
 */
export function onOneLine(stored: Buffer): Buffer {
  return compact(stored, Infinity);
}
