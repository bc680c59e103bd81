import {
  type FieldPath,
  FieldPathCache,
  JsonDocument,
  type JsonSink,
  type JsonSlice,
  sliceOf,
} from '../json-text/index.js';
import { type Divergence, type Edit, undoAll, type UndoStep } from './replay.js';

/** The result of a replay. */
export interface Replayed {
  readonly original: Buffer;
  /** null if every step fitted. */
  readonly diverged: Divergence | null;
}

/**
 * Reconstructs the original pipeline output. Exports, verification, imports and reviews all call `undoAll` through this class.
 * It caches parsed paths and reuses one document: creating them for each job would take longer than the replay.
 *
 * Replay knows no framework: this is a plain class without decorators, which modules list as a provider.
 */
export class ReplayService {
  private readonly paths = new FieldPathCache();
  /** Shared by all calls. Each call is synchronous, so it loads and clears the document before the next one begins. */
  private readonly document = new JsonDocument();

  /** Parses a stored path, with a cache; undefined if it cannot be parsed. */
  parsePath(text: string): FieldPath | undefined {
    return this.paths.parse(text);
  }

  /**
   * Undoes a trail with `undoAll`, and writes the original.
   *
   * @returns null if every step fitted; else the newest one that did not
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

  /** Like `replay`, but returns the original as one buffer. */
  replayText(result: Buffer, trail: readonly Edit[], step?: UndoStep): Replayed {
    this.document.load(sliceOf(result));
    const diverged = undoAll(this.document, trail, step);
    const original = this.document.toText();
    this.document.clear();
    return { original, diverged };
  }
}
