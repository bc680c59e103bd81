import { type FieldPath, FieldPathError, parseFieldPath } from './field-path.js';

/** Corpora repeat their paths; hostile ones must not fill the memory with them. */
const MOST_PATHS = 10_000;

/** Parses each path once. */
export class FieldPathCache {
  private readonly paths = new Map<string, FieldPath | undefined>();

  /** undefined where the text is no path. */
  parse(text: string): FieldPath | undefined {
    let path = this.paths.get(text);
    if (path === undefined && !this.paths.has(text)) {
      if (this.paths.size >= MOST_PATHS) this.paths.clear();
      path = tryParse(text);
      this.paths.set(text, path);
    }
    return path;
  }
}

function tryParse(text: string): FieldPath | undefined {
  try {
    return parseFieldPath(text);
  } catch (error) {
    if (error instanceof FieldPathError) return undefined;
    throw error;
  }
}
