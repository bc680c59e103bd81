import {
  type FieldPath,
  FieldPathCache,
  JsonDocument,
  type JsonSink,
  type JsonSlice,
  sliceOf,
} from '../json-text/index.js';
import { type Divergence, type Edit, undoAll, type UndoStep } from './replay.js';

/** What a trail leads back to. */
export interface Replayed {
  readonly original: Buffer;
  /** null where every step fitted. */
  readonly diverged: Divergence | null;
}

/**
 * Reconstructs the pipeline's output from what is stored: the one door to `undoAll`, for exports, verification, imports and
 * reviews. It keeps parsed paths and one document, since making them anew for each job takes longer than replaying it.
 *
 * A plain class without dependencies, which modules provide as it is: replay knows no framework.
 */
export class ReplayService {
  private readonly paths = new FieldPathCache();
  /** Shared by all calls: each loads and clears it before another can begin. */
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

  /** The same for a text by itself. */
  replayText(result: Buffer, trail: readonly Edit[], step?: UndoStep): Replayed {
    this.document.load(sliceOf(result));
    const diverged = undoAll(this.document, trail, step);
    const original = this.document.toText();
    this.document.clear();
    return { original, diverged };
  }
}
