import { Buffer } from 'node:buffer';
import { type FieldPath, formatFieldPath, key as toKey, sliceOf } from '../../../src/json-text/index.js';
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
  return readNode(sliceOf(typeof text === 'string' ? Buffer.from(text) : text), ids);
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
function pathOf(root: JsonNode, place: Place): FieldPath {
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
  const made = (id: number): JsonNode => readNode(sliceOf(Buffer.from(text)), ids, id);
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

export function removeAt(root: JsonNode, place: Place): JsonNode {
  return withChildren(root, place.slice(0, -1), (children) => children.toSpliced(place.at(-1)!, 1));
}

/** The number of lines that a value takes: one, and those of its children. */
const lineCounts = new WeakMap<JsonNode, number>();

export function linesOf(node: JsonNode): number {
  if (node.children.length === 0) return 1;
  let count = lineCounts.get(node);
  if (count === undefined) {
    count = 1;
    for (const child of node.children) count += linesOf(child.node);
    lineCounts.set(node, count);
  }
  return count;
}

/** A line of the document: one value. */
export interface Line {
  readonly place: Place;
  readonly node: JsonNode;
  /** The key, or the number of the row; undefined for the whole document. */
  readonly label: string | number | undefined;
}

/** The lines from one to before another, in the order of the document. */
export function linesBetween(root: JsonNode, from: number, until: number): Line[] {
  const lines: Line[] = [];
  const visit = (node: JsonNode, at: number, place: Place, label: Line['label']): void => {
    if (at >= until || at + linesOf(node) <= from) return;
    if (at >= from) lines.push({ place, node, label });
    let line = at + 1;
    for (const [index, child] of node.children.entries()) {
      if (line >= until) return;
      const isRow = node.kind === 'array';
      visit(child.node, line, [...place, index], isRow ? index : keyOf(child));
      line += linesOf(child.node);
    }
  };
  visit(root, 0, [], undefined);
  return lines;
}

/** The line of a place. */
export function lineOf(root: JsonNode, place: Place): number {
  let node = root;
  let line = 0;
  for (const index of place) {
    line++;
    for (const child of node.children.slice(0, index)) line += linesOf(child.node);
    node = node.children[index]!.node;
  }
  return line;
}

/** Whether a value has no parts: it can be edited as it stands. */
export function isLeaf(node: JsonNode): boolean {
  return node.children.length === 0;
}

/** The place of the next value without parts, in a direction; undefined behind the last one. */
export function nextLeaf(root: JsonNode, place: Place, by: 1 | -1): Place | undefined {
  const count = linesOf(root);
  for (let line = lineOf(root, place) + by; line >= 0 && line < count; line += by) {
    const [found] = linesBetween(root, line, line + 1);
    if (found && isLeaf(found.node)) return found.place;
  }
  return undefined;
}

/** The place of the value with an id. */
export function placeOfId(root: JsonNode, id: number): Place | undefined {
  const visit = (node: JsonNode, place: Place): Place | undefined => {
    if (node.id === id) return place;
    for (const [index, child] of node.children.entries()) {
      const found = visit(child.node, [...place, index]);
      if (found) return found;
    }
    return undefined;
  };
  return visit(root, []);
}

/** What a reviewer sees of a value without parts, and edits: a text without its quotes, all else as JSON. */
export function shownText(node: JsonNode): string {
  if (node.kind === 'object') return '{}';
  if (node.kind === 'array') return '[]';
  return node.text.startsWith('"') ? (JSON.parse(node.text) as string) : node.text;
}

/**
 * The JSON of what a reviewer typed over a value. A text stays a text, whatever is in it; where there was another value, JSON is meant
 * if it is JSON, else a text. What was not changed stays as it was written.
 */
export function typedText(before: JsonNode, typed: string): string {
  if (typed === shownText(before)) return textOf(before);
  if (before.kind === 'leaf' && before.text.startsWith('"')) return JSON.stringify(typed);
  return isScalar(typed) ? typed : JSON.stringify(typed);
}

/** A number is not read into one of JavaScript: only its form is checked. */
function isScalar(text: string): boolean {
  return /^(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)$/.test(text);
}
