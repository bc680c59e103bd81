import { type Buffer } from 'node:buffer';
import { type FieldPath, formatFieldPath, key as toKey, sliceOf } from '../../../src/json-text/index.js';
import { bytesOf } from '../json/bytes.js';
import { Ids, type JsonChild, type JsonNode, keyOf, readNode } from '../json/json-node.js';

/**
 * The document under review, as a tree that is never changed: an edit makes a new one, which shares all that stays the same. So taking
 * an edit back is going back to the tree before, and what was computed of a part is known as long as the part stays.
 */

/** Where a value is: the indices of children from the whole document on. */
export type Place = readonly number[];

const ids = new Ids();

/** @param text compact JSON */
export function treeOf(text: Buffer | string): JsonNode {
  return readNode(sliceOf(typeof text === 'string' ? bytesOf(text) : text), ids);
}

/** The document as compact JSON: what was not edited, as it was written. */
export function textOf(node: JsonNode): string {
  const parts: string[] = [];
  write(node, parts);
  return parts.join('');
}

function write(node: JsonNode, parts: string[]): void {
  if (node.kind === 'leaf') {
    parts.push(node.text);
    return;
  }
  const isObject = node.kind === 'object';
  parts.push(isObject ? '{' : '[');
  for (const [index, { written, node: child }] of node.children.entries()) {
    if (index > 0) parts.push(',');
    if (isObject) parts.push(written!, ':');
    write(child, parts);
  }
  parts.push(isObject ? '}' : ']');
}

export function nodeAt(root: JsonNode, place: Place): JsonNode | undefined {
  return place.reduce<JsonNode | undefined>((node, index) => node?.children[index]?.node, root);
}

/** The field path of a place. */
export function pathOf(root: JsonNode, place: Place): FieldPath {
  const path: FieldPath[number][] = [];
  let node = root;
  for (const index of place) {
    const child = node.children[index]!;
    path.push(node.kind === 'array' ? index : toKey(keyOf(child)!));
    node = child.node;
  }
  return path;
}

export function fieldPathOf(root: JsonNode, place: Place): string {
  return formatFieldPath(pathOf(root, place));
}

/** The place that a path leads to; undefined if it leads nowhere. Of duplicate keys, the last one counts. */
export function placeAt(root: JsonNode, path: FieldPath): Place | undefined {
  const place: number[] = [];
  let node = root;
  for (const step of path) {
    const index =
      typeof step === 'number'
        ? node.kind === 'array' && step < node.children.length
          ? step
          : -1
        : node.kind === 'object'
          ? node.children.findLastIndex((child) => keyOf(child) === step.key)
          : -1;
    if (index < 0) return undefined;
    place.push(index);
    node = node.children[index]!.node;
  }
  return place;
}

/** Replaces the children of the value at a place. */
function withChildren(
  root: JsonNode,
  place: Place,
  change: (children: readonly JsonChild[]) => JsonChild[],
): JsonNode {
  const [index, ...rest] = place;
  if (index === undefined) return { ...root, children: change(root.children) };
  const child = root.children[index];
  if (!child) return root;
  return {
    ...root,
    children: root.children.with(index, {
      written: child.written,
      node: withChildren(child.node, rest, change),
    }),
  };
}

/**
 * Puts a value in the place of another, which keeps its id.
 *
 * @param text compact JSON
 */
export function replaceAt(root: JsonNode, place: Place, text: string): JsonNode {
  const index = place.at(-1);
  const made = (id: number): JsonNode => readNode(sliceOf(bytesOf(text)), ids, id);
  if (index === undefined) return made(root.id);
  return withChildren(root, place.slice(0, -1), (children) =>
    children.with(index, { written: children[index]!.written, node: made(children[index]!.node.id) }),
  );
}

/** The row that a place is in: the innermost element of an array, itself included. */
export function rowOf(root: JsonNode, place: Place): Place | undefined {
  for (let length = place.length; length > 0; length--)
    if (nodeAt(root, place.slice(0, length - 1))?.kind === 'array') return place.slice(0, length);
  return undefined;
}

/** How many rows are looked at for what a value may be. */
const MOST_BESIDE = 100;

/** What other rows have in the place of a value: the first one that is not null. */
export function valueBeside(root: JsonNode, place: Place): JsonNode | undefined {
  const row = rowOf(root, place);
  if (!row) return undefined;
  const path = pathOf(nodeAt(root, row)!, place.slice(row.length));
  for (const { node } of nodeAt(root, row.slice(0, -1))!.children.slice(0, MOST_BESIDE)) {
    const at = placeAt(node, path);
    const value = at && nodeAt(node, at);
    if (value && value.text !== 'null') return value;
  }
  return undefined;
}

/** Inserts a row behind another, with the same members, each of them empty. */
export function insertRowAfter(root: JsonNode, row: Place): { root: JsonNode; place: Place } {
  const parent = row.slice(0, -1);
  const index = row.at(-1)! + 1;
  const like = nodeAt(root, row)!;
  const made = treeOf(emptied(like));
  return {
    root: withChildren(root, parent, (children) =>
      children.toSpliced(index, 0, { written: undefined, node: made }),
    ),
    place: [...parent, index],
  };
}

/** A row like another, without its values: texts become empty, everything else null. */
function emptied(node: JsonNode): string {
  if (node.kind === 'array') return '[]';
  if (node.kind === 'leaf') return node.text.startsWith('"') ? '""' : 'null';
  return `{${node.children.map(({ written, node: child }) => `${written!}:${emptied(child)}`).join(',')}}`;
}

/** Adds a member with the value null to an object that lacks it: behind the others, as a correction that adds one does. */
export function addMember(root: JsonNode, place: Place, name: string): { root: JsonNode; place: Place } {
  const member = { written: JSON.stringify(name), node: treeOf('null') };
  return {
    root: withChildren(root, place, (children) => [...children, member]),
    place: [...place, nodeAt(root, place)!.children.length],
  };
}

export function removeAt(root: JsonNode, place: Place): JsonNode {
  return withChildren(root, place.slice(0, -1), (children) => children.toSpliced(place.at(-1)!, 1));
}

/** Whether a value has no parts: it can be edited as it stands. */
export function isLeaf(node: JsonNode): boolean {
  return node.children.length === 0;
}

/** The values after a place, or before it, in the order of the document: the next one that is wanted. */
export function nextPlace(
  root: JsonNode,
  place: Place,
  by: 1 | -1,
  isWanted: (node: JsonNode) => boolean,
): Place | undefined {
  const at = [...place];
  const path = [root];
  for (const index of place) path.push(path.at(-1)!.children[index]!.node);
  const enter = (index: number): void => {
    at.push(index);
    path.push(path.at(-1)!.children[index]!.node);
  };
  const forward = (): boolean => {
    if (path.at(-1)!.children.length > 0) {
      enter(0);
      return true;
    }
    while (at.length > 0) {
      const index = at.pop()! + 1;
      path.pop();
      if (index < path.at(-1)!.children.length) {
        enter(index);
        return true;
      }
    }
    return false;
  };
  const back = (): boolean => {
    const index = at.pop();
    if (index === undefined) return false;
    path.pop();
    if (index === 0) return true;
    enter(index - 1);
    for (let last = path.at(-1)!; last.children.length > 0; last = path.at(-1)!)
      enter(last.children.length - 1);
    return true;
  };
  while (by === 1 ? forward() : back()) if (isWanted(path.at(-1)!)) return at;
  return undefined;
}

/** The place of the next value without parts, in a direction; undefined behind the last one. */
export function nextLeaf(root: JsonNode, place: Place, by: 1 | -1): Place | undefined {
  return nextPlace(root, place, by, isLeaf);
}

/** The first value without parts at a place or in it. */
export function firstLeaf(root: JsonNode, place: Place): Place {
  return isLeaf(nodeAt(root, place)!) ? place : nextLeaf(root, place, 1)!;
}

/** The places of the values with these ids, as far as the document has them, in its order. */
export function placesOf(root: JsonNode, wanted: ReadonlySet<number>): Place[] {
  const found: Place[] = wanted.has(root.id) ? [[]] : [];
  if (wanted.size === 0) return found;
  const isWanted = ({ id }: JsonNode): boolean => wanted.has(id);
  let at: Place | undefined = [];
  while (found.length < wanted.size && (at = nextPlace(root, at, 1, isWanted))) found.push(at);
  return found;
}

/** Whether two documents have the same text. What they share is not looked at. */
export function isSameText(one: JsonNode, other: JsonNode): boolean {
  if (one === other) return true;
  if (one.kind !== other.kind || one.text !== other.text) return false;
  const { children } = other;
  return (
    one.children.length === children.length &&
    one.children.every((child, index) => {
      const beside = children[index]!;
      return child === beside || (child.written === beside.written && isSameText(child.node, beside.node));
    })
  );
}
