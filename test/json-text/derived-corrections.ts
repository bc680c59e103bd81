import {
  applyEdit,
  deriveEdits,
  formatFieldPath,
  JSON_NULL,
  JsonDocument,
  PATH_MISSING,
} from '../../src/json-text/index.js';
import { changedLeaves, type Json, leastChangedLeaves } from './changed-leaves.js';

export interface Correction {
  readonly op: string;
  readonly path: string;
  readonly old: Json;
  readonly new: Json;
}

/** The derived edits, as corrections. */
export function derivedCorrections(before: Json, after: Json): Correction[] {
  const text = Buffer.from(JSON.stringify(before));
  const document = new JsonDocument(text);
  const edits = deriveEdits(text, Buffer.from(JSON.stringify(after)))!;
  return edits.map(({ op, path, value }) => {
    const made = applyEdit(document, op, path, value ?? JSON_NULL);
    if (made === PATH_MISSING) throw new Error(made);
    const parse = (json: Buffer | null) => JSON.parse((json ?? JSON_NULL).toString()) as Json;
    return { op, path: formatFieldPath(path), old: parse(made.old), new: parse(value) };
  });
}

/** Changed leaves as a multiple of the least; 1 where nothing changes. */
export function ratio(before: Json, after: Json): number {
  const least = leastChangedLeaves(before, after);
  const changed = changedLeaves(derivedCorrections(before, after));
  return least === 0 ? 1 + changed : changed / least;
}

/** What the derived edits cost, as multiples of the least: the share within 1.25, and the worst. */
export function summarize(ratios: readonly number[]): { within: number; worst: number } {
  return {
    within: ratios.filter((ratio) => ratio <= 1.25).length / ratios.length,
    worst: Math.max(...ratios),
  };
}
