import { canonicalScalar, collapsedPathBelow, key, readElements, readMembers } from '../json-text/index.js';

/** When two values are the same. */
export interface Sameness {
  /** `value`: `1.0` is `1`; `text`: it is not. */
  readonly numbers: 'value' | 'text';
  /** `missing`: a null is no value, as if it were not there. */
  readonly null: 'missing' | 'value';
  readonly ignore_case: boolean;
}

type NodeKind = 'object' | 'array' | 'string' | 'number' | 'other' | 'null';

/** A value of a document. */
export interface ValueNode {
  readonly kind: NodeKind;
  /** Of a string its content, of another scalar its lexeme. */
  readonly text: string;
  /** Of an object; the last of duplicate keys counts. */
  readonly keys: readonly string[];
  /** Where each key stands; made at a search. */
  places?: Map<string, number>;
  /** Members in the order of `keys`, or elements. */
  readonly children: ValueNode[];
  /** The number of values in it that count. */
  leaves: number;
  /** The number of scalars in it, itself included. */
  scalars: number;
  /** Two nodes of one dictionary have the same if and only if they are the same; NO_VALUE if no value in it counts. */
  id: number;
  /** Of a record, an object of scalars: its keys in their order, as a number; else 0. */
  shape: number;
}

export const NO_VALUE = 0;
/** What lies deeper is compared as a whole. */
const MAX_LEVELS = 200;
const NO_KEYS: readonly string[] = [];

/** Gives ids to values, for the texts of one document. */
export class Dictionary {
  private readonly ids = new Map<string, number>();

  constructor(private readonly sameness: Sameness) {}

  /**
   * Reads JSON text into a tree. The order of members and of elements does not change ids: rows are matched by content.
   *
   * @param json compact JSON text
   */
  read(json: Buffer): ValueNode {
    const { node: root, parts } = nodeOf(json, 0);
    const inOrder = [root];
    const pending = [{ node: root, parts, level: 0 }];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const level = next.level + 1;
      for (const part of next.parts) {
        const { node, parts } = nodeOf(part, level);
        next.node.children.push(node);
        inOrder.push(node);
        if (parts.length > 0) pending.push({ node, parts, level });
      }
    }
    // Children come after their parents, so from the end they get their ids first.
    for (let at = inOrder.length - 1; at >= 0; at--) this.complete(inOrder[at]!);
    // A null as a whole result is the same as none.
    if (root.kind === 'null') Object.assign(root, { id: NO_VALUE, leaves: 0 });
    return root;
  }

  private complete(node: ValueNode): void {
    const { kind, children } = node;
    if (isScalar(node)) {
      node.scalars = 1;
      node.id = this.idOfScalar(node);
      node.leaves = node.id === NO_VALUE ? 0 : 1;
      return;
    }
    if (kind === 'object' && children.every(isScalar))
      node.shape = this.idOf(`{${JSON.stringify(node.keys)}`);
    const parts: string[] = [];
    for (const [index, child] of children.entries()) {
      node.leaves += child.leaves;
      node.scalars += child.scalars;
      if (child.id === NO_VALUE) continue;
      parts.push(kind === 'array' ? String(child.id) : `${this.idOf(`.${node.keys[index]!}`)}:${child.id}`);
    }
    if (parts.length > 0) node.id = this.idOf(`${kind}${parts.sort().join()}`);
  }

  private idOfScalar({ kind, text }: ValueNode): number {
    const { numbers, null: nulls, ignore_case } = this.sameness;
    if (kind === 'null') return nulls === 'missing' ? NO_VALUE : this.idOf('null');
    if (kind === 'string') return this.idOf(`"${ignore_case ? text.toLowerCase() : text}`);
    if (kind === 'number' && numbers === 'value') {
      const lexeme = Buffer.from(text, 'latin1');
      return this.idOf(`#${canonicalScalar(lexeme, 0, lexeme.length)}`);
    }
    return this.idOf(`#${text}`);
  }

  private idOf(form: string): number {
    let id = this.ids.get(form);
    if (id === undefined) this.ids.set(form, (id = this.ids.size + 1));
    return id;
  }
}

export function isScalar({ kind }: ValueNode): boolean {
  return kind !== 'object' && kind !== 'array';
}

/** A node without its children, and the texts of these. */
function nodeOf(
  json: Buffer,
  level: number,
): { readonly node: ValueNode; readonly parts: readonly Buffer[] } {
  const kind = kindOf(json, level);
  const members = kind === 'object' ? membersOf(json) : undefined;
  return {
    node: {
      kind,
      text: kind === 'object' || kind === 'array' ? '' : textOf(json),
      keys: members ? [...members.keys()] : NO_KEYS,
      children: [],
      leaves: 0,
      scalars: 0,
      id: NO_VALUE,
      shape: 0,
    },
    parts: members ? [...members.values()] : kind === 'array' ? readElements(json)! : [],
  };
}

function kindOf(json: Buffer, level: number): NodeKind {
  switch (json[0]) {
    case 0x7b: // {
      return level < MAX_LEVELS ? 'object' : 'other';
    case 0x5b: // [
      return level < MAX_LEVELS ? 'array' : 'other';
    case 0x22: // "
      return 'string';
    case 0x6e: // n
      return 'null';
    case 0x74: // t
    case 0x66: // f
      return 'other';
    default:
      return 'number';
  }
}

function textOf(scalar: Buffer): string {
  if (scalar[0] !== 0x22) return scalar.toString();
  return scalar.includes(0x5c)
    ? (JSON.parse(scalar.toString()) as string)
    : scalar.toString('utf8', 1, scalar.length - 1);
}

/** The last of duplicate keys counts. */
function membersOf(json: Buffer): Map<string, Buffer> {
  return new Map(readMembers(json)?.map(({ key, value }) => [key, value]));
}

/** The most paths that are told apart. Real documents have hundreds; one with data as keys must not fill the memory. */
const MAX_PATHS = 10_000;
/** The path of the whole document, and of what is beyond MAX_PATHS. */
export const ROOT_PATH = 0;
const OTHER_PATH = 1;
const OTHER_NAME = '(others)';

/** Field paths with `[*]` for any index, as numbers. */
export class CollapsedPaths {
  private readonly names = ['', OTHER_NAME];
  private readonly below = [new Map<string, number>(), new Map<string, number>()];

  member(parent: number, name: string): number {
    return this.belowOf(parent, `.${name}`, () => collapsedPathBelow(this.names[parent]!, key(name)));
  }

  element(parent: number): number {
    return this.belowOf(parent, '[*]', () => `${this.names[parent]!}[*]`);
  }

  nameOf(path: number): string {
    return this.names[path]!;
  }

  private belowOf(parent: number, step: string, name: () => string): number {
    if (parent === OTHER_PATH) return OTHER_PATH;
    let path = this.below[parent]!.get(step);
    if (path === undefined) {
      if (this.names.length >= MAX_PATHS) return OTHER_PATH;
      path = this.names.length;
      this.names.push(name());
      this.below.push(new Map());
      this.below[parent]!.set(step, path);
    }
    return path;
  }
}
