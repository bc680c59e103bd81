import { type JsonNode, keyOf } from '../json/json-node.js';
import { type Place } from './draft-tree.js';

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
