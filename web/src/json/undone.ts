import { Buffer } from 'node:buffer';
import { type FieldPath, sliceOf, tryParseFieldPath } from '../../../src/json-text/index.js';
import { copyOf, type Ids, type JsonChild, type JsonNode, keyOf, readNode } from './json-node.js';

/** What the trail says of one edit; the values as they are written. */
export interface TrailEdit {
  readonly field_path: string;
  readonly op: 'replace' | 'add' | 'remove';
  readonly old_value: string;
}

/** A document before its trail, and which corrections each value has. */
export interface Undone {
  readonly node: JsonNode;
  /** By the id of a value: the indices of the corrections of it, newest first. */
  readonly corrections: ReadonlyMap<number, readonly number[]>;
}

/**
 * Undoes a trail, newest first, on nodes. A value that was only corrected keeps its id; one that was added is missing, and one that
 * was removed has an id that the final document lacks.
 *
 * The API has undone the trail on the text already, and checked each step; here, a correction that fits nowhere is passed over. What
 * was removed comes last among the members of its object, for the sample does not say where it stood: see `ordered`.
 */
export function undone(final: JsonNode, trail: readonly TrailEdit[], ids: Ids): Undone {
  const top: JsonChild[] = [{ written: undefined, node: copyOf(final) }];
  const corrections = new Map<number, number[]>();
  for (let index = trail.length - 1; index >= 0; index--) {
    const edit = trail[index]!;
    const path = tryParseFieldPath(edit.field_path);
    const place = path && placeOf(top, path);
    if (!place) continue;
    const { children, at, written } = place;
    const there = children[at];
    const old = (id?: number): JsonNode => readNode(sliceOf(Buffer.from(edit.old_value)), ids, id);
    let id: number | undefined;
    if (edit.op === 'remove') {
      const node = old();
      ({ id } = node);
      children.splice(at, 0, { written, node });
    } else if (there) {
      ({ id } = there.node);
      if (edit.op === 'add') children.splice(at, 1);
      else children[at] = { written: there.written, node: old(id) };
    }
    if (id !== undefined) corrections.set(id, [...(corrections.get(id) ?? []), index]);
  }
  return { node: top[0]?.node ?? final, corrections };
}

interface Place {
  readonly children: JsonChild[];
  /** The index of the value; that after the last child where there is none. */
  readonly at: number;
  readonly written: string | undefined;
}

function placeOf(top: JsonChild[], path: FieldPath): Place | undefined {
  let place: Place = { children: top, at: 0, written: undefined };
  for (const step of path) {
    const node = place.children[place.at]?.node;
    if (!node) return undefined;
    if (typeof step === 'number') {
      if (node.kind === 'object' || step > node.children.length) return undefined;
      place = { children: node.children, at: step, written: undefined };
    } else {
      if (node.kind === 'array') return undefined;
      // Of duplicate keys, the last one counts.
      const at = node.children.findLastIndex((child) => keyOf(child) === step.key);
      place = { children: node.children, at: at < 0 ? node.children.length : at, written: step.written };
    }
  }
  return place;
}

/**
 * Gives the members of objects the order that they have in the initial result. Where the two do not fit each other, as in a sample
 * that diverged, all stays as it is.
 */
export function ordered(node: JsonNode, initial: JsonNode): void {
  const { children } = node;
  if (node.kind !== initial.kind || children.length !== initial.children.length) return;
  if (node.kind === 'object') {
    const ranks = new Map<string, number>();
    for (const [rank, { written }] of initial.children.entries()) ranks.set(written!, rank);
    if (ranks.size === children.length && children.every(({ written }) => ranks.has(written!)))
      children.sort((a, b) => ranks.get(a.written!)! - ranks.get(b.written!)!);
  }
  for (const [index, child] of children.entries()) ordered(child.node, initial.children[index]!.node);
}
