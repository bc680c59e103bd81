import { type FieldPath, type Op } from '../json-text/index.js';

/** The parts of a correction that say where values move. */
export interface Move {
  readonly op: Op;
  readonly path: FieldPath;
}

/** A value on the other side of a trail. */
export interface Traced {
  readonly path: FieldPath;
  /** Whether a correction replaced it, or changed a part of it. */
  readonly isEdited: boolean;
}

/**
 * Finds the value of the original document that a value of the current one comes from: rows that were inserted or removed before
 * it have moved it. Looks at the paths of the corrections only.
 *
 * @param trail in trail order; each of its steps must fit
 * @returns undefined if a correction brought the value in, by itself or as a part of another
 */
export function traceBack(path: FieldPath, trail: readonly Move[]): Traced | undefined {
  let traced: Traced | undefined = { path, isEdited: false };
  for (let index = trail.length - 1; index >= 0 && traced; index--)
    traced = step(traced, trail[index]!, 'add');
  return traced;
}

/**
 * The opposite of `traceBack`: finds what has become of a value of the original document.
 *
 * @returns undefined if a correction took the value out, by itself or as a part of another
 */
export function traceForward(path: FieldPath, trail: readonly Move[]): Traced | undefined {
  let traced: Traced | undefined = { path, isEdited: false };
  for (let index = 0; index < trail.length && traced; index++) traced = step(traced, trail[index]!, 'remove');
  return traced;
}

/** @param ends the operation beyond which there is no such value, in the direction of the trace */
function step(
  { path, isEdited }: Traced,
  { op, path: at }: Move,
  ends: 'add' | 'remove',
): Traced | undefined {
  const shared = sharedSteps(path, at);
  // The edit is at the value itself, or at what it is a part of.
  if (shared === at.length && (op === ends || (op === 'replace' && path.length > at.length)))
    return undefined;
  const last = at.length - 1;
  const [from, row] = [path[last], at[last]];
  if (op !== 'replace' && typeof row === 'number' && typeof from === 'number' && shared >= last) {
    const moved = path.with(last, op === ends ? from - Number(from > row) : from + Number(from >= row));
    return { path: moved, isEdited };
  }
  return { path, isEdited: isEdited || shared === Math.min(path.length, at.length) };
}

/** The number of steps that both paths begin with. */
function sharedSteps(a: FieldPath, b: FieldPath): number {
  const most = Math.min(a.length, b.length);
  for (let index = 0; index < most; index++) {
    const [one, other] = [a[index]!, b[index]!];
    const isSame =
      typeof one === 'object' && typeof other === 'object' ? one.key === other.key : one === other;
    if (!isSame) return index;
  }
  return most;
}
