import { type JsonChild, type JsonNode } from '../json/json-node.js';
import { isSameText, textOf } from './draft-tree.js';

/**
 * A document that was read anew, with the values of the one before as far as they are the same: so that these keep their ids, by
 * which is known what was confirmed of them and what the pipeline said. A member belongs to the one with the same key, a row to the one
 * with the same text; rows between two such belong together by their order, if there are as many as before.
 */
export function withValuesOf(before: JsonNode, after: JsonNode): JsonNode {
  if (isSameText(before, after)) return before;
  if (before.kind !== after.kind) return after;
  if (after.kind === 'leaf') return { ...after, id: before.id };
  const children = after.kind === 'object' ? members(before, after) : rows(before.children, after.children);
  return { ...after, id: before.id, children };
}

function members({ children: before }: JsonNode, { children: after }: JsonNode): JsonChild[] {
  const known = new Map<string, JsonNode>();
  for (const { written, node } of before) known.set(written!, node);
  return after.map((child) => {
    const was = known.get(child.written!);
    // Of a key that stands twice, only one value is that of before.
    known.delete(child.written!);
    return was ? { written: child.written, node: withValuesOf(was, child.node) } : child;
  });
}

function rows(before: readonly JsonChild[], after: readonly JsonChild[]): JsonChild[] {
  const most = Math.min(before.length, after.length);
  let front = 0;
  while (front < most && isSameText(before[front]!.node, after[front]!.node)) front++;
  let end = 0;
  while (end < most - front && isSameText(before.at(-1 - end)!.node, after.at(-1 - end)!.node)) end++;
  const old = before.slice(front, before.length - end);
  const now = after.slice(front, after.length - end);
  const found = before.slice(0, front);
  let [from, at] = [0, 0];
  for (const [left, right] of [...sameRows(old, now), [old.length, now.length] as const]) {
    const isPaired = left - from === right - at;
    for (; at < right; at++, from++)
      found.push(
        isPaired ? { written: undefined, node: withValuesOf(old[from]!.node, now[at]!.node) } : now[at]!,
      );
    if (left < old.length) found.push(old[left]!);
    [from, at] = [left + 1, right + 1];
  }
  return [...found, ...before.slice(before.length - end)];
}

/** The numbers of rows whose text both have, and each of them once, as far as they are in the same order. */
function sameRows(before: readonly JsonChild[], after: readonly JsonChild[]): (readonly [number, number])[] {
  const old = uniqueTexts(before);
  let last = -1;
  return [...uniqueTexts(after)].flatMap(([text, right]) => {
    const left = old.get(text) ?? -1;
    if (right === undefined || left <= last) return [];
    last = left;
    return [[left, right] as const];
  });
}

/** By its text, the number of a row; undefined if several have it. */
function uniqueTexts(children: readonly JsonChild[]): Map<string, number | undefined> {
  const found = new Map<string, number | undefined>();
  for (const [index, { node }] of children.entries()) {
    const text = textOf(node);
    found.set(text, found.has(text) ? undefined : index);
  }
  return found;
}
