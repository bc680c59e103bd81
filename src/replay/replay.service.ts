import { Injectable } from '@nestjs/common';
import {
  compact,
  type FieldPath,
  FieldPathCache,
  JsonDocument,
  type JsonSink,
  type JsonSlice,
} from '../json-text/index.js';
import { type Divergence, type Edit, undoAll } from './replay.js';

/** Reconstructs what the pipeline gave from what is stored. */
@Injectable()
export class ReplayService {
  private readonly paths = new FieldPathCache();
  /** One for all: each call begins and ends with it before another one can come. */
  private readonly document = new JsonDocument();

  /** A path as it is stored; undefined where it cannot be parsed. Each is parsed once. */
  parsePath(text: string): FieldPath | undefined {
    return this.paths.parse(text);
  }

  /**
   * Undoes a stored trail, given in its order, verifies each step, and writes the original; see `undoAll`.
   *
   * @returns null where every step fitted; else the first one met, coming from the newest, that did not
   */
  replay(result: JsonSlice, trail: readonly Edit[], original: JsonSink): Divergence | null {
    if (trail.length === 0) {
      original.add(result.bytes, result.start, result.end);
      return null;
    }
    this.document.load(result);
    const diverged = undoAll(this.document, trail);
    this.document.writeTo(original);
    this.document.clear();
    return diverged;
  }
}

/**
 * Stored JSON text as a line can hold it. What came in by the API or an import is compact already; only direct SQL can have
 * left white space in it.
 */
export function onOneLine(stored: Buffer): Buffer {
  return compact(stored, Infinity);
}
