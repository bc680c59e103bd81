import { Buffer } from 'node:buffer';
import { type Op } from './edit.js';
import { type FieldPath, formatFieldPath, type Index, type Key, MAX_PATH_BYTES } from './field-path.js';

/** One of the edits that lead from one text to the other. */
export interface DerivedEdit {
  readonly op: Op;
  readonly path: FieldPath;
  /** Compact JSON text, a view of one of the texts or of a copy; null for a removal. */
  readonly value: Buffer | null;
}

/** The most edits; beyond that, a list of them says less than the two texts. */
export const MAX_EDITS = 10_000;

/** A path as a list linked from its end, so that paths share their common beginning. */
export interface Place {
  readonly parent: Place | undefined;
  readonly step: Key | Index;
  /** The length of the written path. */
  readonly bytes: number;
}

export function placeBelow(parent: Place | undefined, step: Key | Index): Place {
  const written = formatFieldPath([step]);
  const dot = parent !== undefined && !written.startsWith('[') ? 1 : 0;
  return { parent, step, bytes: (parent?.bytes ?? 0) + dot + Buffer.byteLength(written) };
}

/** What changes in a container. The lists may end after one more than MAX_EDITS. */
export interface Changes<Value> {
  /** The removals and additions, in order. They come before the edits inside the entries, whose indices are final by then. */
  readonly edits: { readonly op: Op; readonly place: Place; readonly value: Buffer | null }[];
  /** The pairs of inner values still to compare, in order. */
  readonly inner: { readonly left: Value; readonly right: Value; readonly place: Place }[];
}

export function isReachable({ edits, inner }: Changes<unknown>): boolean {
  const hasShortPath = ({ place }: { place: Place }) => place.bytes <= MAX_PATH_BYTES;
  return edits.every(hasShortPath) && inner.every(hasShortPath);
}

/** Collects edits, up to one more than MAX_EDITS. */
export class DerivedEdits {
  readonly all: DerivedEdit[] = [];

  get areTooMany(): boolean {
    return this.all.length > MAX_EDITS;
  }

  /** @param place undefined for the document itself */
  add(op: Op, place: Place | undefined, value: Buffer | null): void {
    if (this.areTooMany) return;
    const path: (Key | Index)[] = [];
    for (let at = place; at !== undefined; at = at.parent) path.push(at.step);
    this.all.push({ op, path: path.reverse(), value });
  }
}
