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

/** A value that is being read: of which kind it is, its first part tells. */
type Draft = { -readonly [Name in keyof JsonNode]: JsonNode[Name] };

function draft(id: number): Draft {
  return { id, kind: 'leaf', text: '', children: [] };
}

/**
 * Reads a JSON text into nodes.
 *
 * @param ids gives the ids
 * @param id of the whole; by default another one
 */
export function readNode(slice: JsonSlice, ids: Ids, id = ids.next()): JsonNode {
  const root = draft(id);
  const childOf = (parent: Draft, written: string | undefined): Draft => {
    const node = draft(ids.next());
    parent.children.push({ written, node });
    return node;
  };
  visitLeaves<Draft>(slice, root, {
    member: (object, bytes, start, end) => {
      object.kind = 'object';
      return childOf(object, `"${bytes.toString('utf8', start, end)}"`);
    },
    element: (array) => {
      array.kind = 'array';
      return childOf(array, undefined);
    },
    leaf: (node, bytes, start, end) => {
      // Empty objects and arrays are leaves here.
      if (bytes[start] === OPEN_OBJECT) node.kind = 'object';
      else if (bytes[start] === OPEN_ARRAY) node.kind = 'array';
      else node.text = bytes.toString('utf8', start, end);
    },
  });
  return root;
}

const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;

/** A copy with the same ids, which can be changed. */
export function copyOf(node: JsonNode): JsonNode {
  if (node.kind === 'leaf') return node;
  return {
    ...node,
    children: node.children.map(({ written, node: child }) => ({ written, node: copyOf(child) })),
  };
}
