import { type Buffer } from 'node:buffer';
import { decodedKey, type JsonSlice, visitLeaves } from '../../../src/json-text/index.js';

/** A value of a document. Its texts are those of the document: a number is never read into one of JavaScript. */
export interface JsonNode {
  /** The same for a value before and after a correction of it, so that both can be shown beside each other. */
  readonly id: number;
  readonly kind: 'object' | 'array' | 'leaf';
  /** Of a leaf; empty for objects and arrays. */
  readonly text: string;
  /** Of an object or an array, in the order of the document. */
  readonly children: JsonChild[];
}

export interface JsonChild {
  /** The key as it is written, with quotes; undefined in an array. */
  readonly written: string | undefined;
  readonly node: JsonNode;
}

/** The key of a member, decoded. */
export function keyOf({ written }: JsonChild): string | undefined {
  return written === undefined ? undefined : decodedKey(written);
}

/** Gives each value another id. */
export class Ids {
  private last = 0;

  next(): number {
    this.last++;
    return this.last;
  }
}

interface Draft {
  readonly kind: 'object' | 'array';
  readonly children: JsonChild[];
}

/**
 * Reads a JSON text into nodes.
 *
 * @param ids gives the ids
 * @param id of the whole; by default another one
 */
export function readNode(slice: JsonSlice, ids: Ids, id = ids.next()): JsonNode {
  // Each open container, the key or element in it that is being read, and the value that was read last.
  const open: Draft[] = [];
  const written: (string | undefined)[] = [];
  let last: JsonNode | undefined;
  const enter = (kind: Draft['kind'], key: string | undefined): void => {
    // The first entry of a container opens it; `leave` has closed the entry before the others.
    if (open.length === written.length) open.push({ kind, children: [] });
    written.push(key);
    last = undefined;
  };
  visitLeaves(slice, {
    member: (bytes, start, end) => {
      enter('object', `"${bytes.toString('utf8', start, end)}"`);
    },
    element: () => {
      enter('array', undefined);
    },
    leaf: (bytes, start, end) => {
      last = leaf(bytes, start, end, open.length === 0 ? id : ids.next());
    },
    leave: () => {
      // Of the containers that have ended here, the innermost becomes the value of the entry that is left.
      if (open.length > written.length) last = close(open.pop()!, ids.next());
      open.at(-1)!.children.push({ written: written.pop(), node: last! });
    },
  });
  return open.length > 0 ? close(open.pop()!, id) : last!;
}

const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;

/** `visitLeaves` takes empty objects and arrays for leaves. */
function leaf(bytes: Buffer, start: number, end: number, id: number): JsonNode {
  const first = bytes[start];
  if (first === OPEN_OBJECT) return close({ kind: 'object', children: [] }, id);
  if (first === OPEN_ARRAY) return close({ kind: 'array', children: [] }, id);
  return { id, kind: 'leaf', text: bytes.toString('utf8', start, end), children: [] };
}

function close({ kind, children }: Draft, id: number): JsonNode {
  return { id, kind, text: '', children };
}

/** A copy with the same ids, which can be changed. */
export function copyOf(node: JsonNode): JsonNode {
  if (node.kind === 'leaf') return node;
  return {
    ...node,
    children: node.children.map(({ written, node: child }) => ({ written, node: copyOf(child) })),
  };
}
