import { Buffer } from 'node:buffer';
import { JsonPieces, type JsonSink, textOf } from './json-slice.js';
import { Flag, type JsonTree, Node } from './json-tree.js';
import { Char } from './scan.js';

/** Returns the current text of an entry's value; a view of its source if nothing in it has changed. */
export function textAt(tree: JsonTree, entry: number): Buffer {
  const node = tree.valueNode(entry);
  if (!tree.has(node, Flag.Changed)) return textOf(tree.sliceOf(node));
  const pieces = new JsonPieces();
  writeValue(tree, node, pieces);
  return pieces.join();
}

/** Writes the current text of a value in pieces. Iterative, so that deep nesting does not overflow the stack. */
export function writeValue(tree: JsonTree, root: number, sink: JsonSink): void {
  const { nodes } = tree;
  const open: Writing[] = [];
  for (let entry = root; ;) {
    const node = tree.valueNode(entry);
    const bytes = tree.sourceOf(node);
    const start = nodes[node + Node.Start]!;
    if (!tree.has(node, Flag.Changed)) sink.add(bytes, start, nodes[node + Node.End]!);
    else open.push({ node, bytes, next: nodes[node + Node.First]!, at: start, isFirst: true });
    let next = 0;
    while (next === 0) {
      const writing = open.at(-1);
      if (writing === undefined) return;
      next = tree.has(writing.node, Flag.Restructured)
        ? writeToNext(tree, writing, sink)
        : writeToChange(tree, writing, sink);
      if (next === 0) open.pop();
    }
    entry = next;
  }
}

/** The progress of writing a changed container. */
interface Writing {
  readonly node: number;
  /** The source of the container. */
  readonly bytes: Buffer;
  /** The next child; 0 after the last. */
  next: number;
  /** The offset up to which the source has been written. */
  at: number;
  isFirst: boolean;
}

/**
 * For a container that still has the entries of its source: writes the source up to the next changed value, and returns that
 * entry, whose value the caller must write. Returns 0 after the last one, when the rest has been written.
 */
function writeToChange({ nodes }: JsonTree, writing: Writing, sink: JsonSink): number {
  const { node, bytes } = writing;
  for (let child = writing.next; child !== 0; child = nodes[child + Node.Next]!) {
    if ((nodes[child + Node.Flags]! & (Flag.Replaced | Flag.Changed)) === 0) continue;
    sink.add(bytes, writing.at, nodes[child + Node.Start]!);
    writing.at = nodes[child + Node.End]!;
    writing.next = nodes[child + Node.Next]!;
    return child;
  }
  sink.add(bytes, writing.at, nodes[node + Node.End]!);
  return 0;
}

/**
 * For a container with added or removed entries: writes up to an entry's value, and returns the entry, whose value the caller
 * must write; 0 at the end. Entries that stand side by side in a source are written in one piece.
 */
function writeToNext(tree: JsonTree, writing: Writing, sink: JsonSink): number {
  const { next: child } = writing;
  const { nodes } = tree;
  const isObject = tree.firstByte(writing.node) === Char.OpenObject;
  if (writing.isFirst) sink.add(isObject ? OPEN_OBJECT_TEXT : OPEN_ARRAY_TEXT, 0, 1);
  if (child === 0) {
    sink.add(isObject ? CLOSE_OBJECT_TEXT : CLOSE_ARRAY_TEXT, 0, 1);
    return 0;
  }
  if (!writing.isFirst) sink.add(COMMA_TEXT, 0, 1);
  writing.isFirst = false;
  let last = child;
  for (let next = nodes[last + Node.Next]!; next !== 0 && isRightBehind(tree, last, next, isObject);)
    next = nodes[(last = next) + Node.Next]!;
  writing.next = nodes[last + Node.Next]!;
  if (last !== child) {
    const start = isObject ? Node.Key : Node.Start;
    sink.add(tree.sourceOf(child), nodes[child + start]!, nodes[last + Node.Start]!);
  } else if (isObject) {
    const key = tree.keySlice(child);
    sink.add(key.bytes, key.start, key.end);
    sink.add(COLON_TEXT, 0, 1);
  }
  return last;
}

/** Whether both entries stand in one source as they are to be written, with nothing but a comma between them. */
function isRightBehind(tree: JsonTree, entry: number, next: number, isObject: boolean): boolean {
  const { nodes } = tree;
  const start = isObject ? Node.Key : Node.Start;
  return (
    ((nodes[entry + Node.Flags]! | nodes[next + Node.Flags]!) & (Flag.Replaced | Flag.Changed)) === 0 &&
    nodes[next + Node.Source] === nodes[entry + Node.Source] &&
    nodes[next + start] === nodes[entry + Node.End]! + 1 &&
    (!isObject || (isKeyCompact(tree, entry) && isKeyCompact(tree, next)))
  );
}

/** Whether there is no white space between key and value. */
function isKeyCompact(tree: JsonTree, member: number): boolean {
  const bytes = tree.sourceOf(member);
  const start = tree.nodes[member + Node.Start]!;
  return bytes[start - 1] === Char.Colon && bytes[start - 2] === Char.Quote;
}

const [OPEN_OBJECT_TEXT, CLOSE_OBJECT_TEXT, OPEN_ARRAY_TEXT, CLOSE_ARRAY_TEXT, COMMA_TEXT, COLON_TEXT] = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer];
