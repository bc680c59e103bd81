import { type JsonChild, type JsonNode, keyOf } from './json-node.js';

/** One line of two documents beside each other. */
export interface ComparedRow {
  readonly depth: number;
  /** A member's key as it is written, an index in brackets, or nothing for the whole. */
  readonly label: string;
  /** The path of the value, as far as that side has it: what a row of the table is found by. */
  readonly left: string | undefined;
  readonly right: string | undefined;
  readonly state: 'same' | 'changed' | 'added' | 'removed';
  /** Whether the texts are values, and not the brackets of a container. */
  readonly isValue: boolean;
  readonly id: number;
}

/**
 * Puts two documents beside each other, line by line. Values belong together that have the same id; where a container was replaced
 * as a whole, members with the same key and elements with the same index.
 */
export function compare(left: JsonNode, right: JsonNode): ComparedRow[] {
  const rows: ComparedRow[] = [];
  both(rows, 0, '', left, right);
  return rows;
}

function both(rows: ComparedRow[], depth: number, label: string, left: JsonNode, right: JsonNode): void {
  const { id } = right;
  if (left.kind === 'leaf' && right.kind === 'leaf') {
    const state = left.text === right.text ? 'same' : 'changed';
    rows.push({ depth, label, left: left.text, right: right.text, state, isValue: true, id });
  } else if (left.kind === right.kind) {
    const [open, close] = bracketsOf(left);
    if (left.children.length === 0 && right.children.length === 0) {
      const empty = open + close;
      rows.push({ depth, label, left: empty, right: empty, state: 'same', isValue: true, id });
      return;
    }
    rows.push({ depth, label, left: open, right: open, state: 'same', isValue: false, id });
    const pairs = right.kind === 'array' ? elementPairs(left, right) : memberPairs(left, right);
    for (const { label: inner, left: before, right: after } of pairs) {
      if (before && after) both(rows, depth + 1, inner, before, after);
      else if (before) one(rows, depth + 1, inner, before, 'removed');
      else if (after) one(rows, depth + 1, inner, after, 'added');
    }
    rows.push({ depth, label: '', left: close, right: close, state: 'same', isValue: false, id });
  } else {
    one(rows, depth, label, left, 'removed');
    one(rows, depth, label, right, 'added');
  }
}

/** A value that only one side has. */
function one(
  rows: ComparedRow[],
  depth: number,
  label: string,
  node: JsonNode,
  state: 'added' | 'removed',
): void {
  const push = (name: string, text: string, isValue: boolean): void => {
    const [left, right] = state === 'removed' ? [text, undefined] : [undefined, text];
    rows.push({ depth, label: name, left, right, state, isValue, id: node.id });
  };
  if (node.kind === 'leaf') {
    push(label, node.text, true);
    return;
  }
  const [open, close] = bracketsOf(node);
  if (node.children.length === 0) {
    push(label, open + close, true);
    return;
  }
  push(label, open, false);
  for (const [index, child] of node.children.entries())
    one(rows, depth + 1, labelOf(child, index), child.node, state);
  push('', close, false);
}

interface Pair {
  readonly label: string;
  readonly left: JsonNode | undefined;
  readonly right: JsonNode | undefined;
}

const bracketsOf = ({ kind }: JsonNode): readonly [string, string] =>
  kind === 'array' ? ['[', ']'] : ['{', '}'];

function labelOf({ written }: JsonChild, index: number): string {
  return written ?? `[${index}]`;
}

/** In the order of both: ids that both sides have are in the same order on both, since a correction moves nothing. */
function elementPairs({ children: left }: JsonNode, { children: right }: JsonNode): Pair[] {
  const known = new Set(left.map(({ node }) => node.id));
  const isAligned = right.some(({ node }) => known.has(node.id));
  if (!isAligned)
    return Array.from({ length: Math.max(left.length, right.length) }, (_, index) => ({
      label: `[${index}]`,
      left: left[index]?.node,
      right: right[index]?.node,
    }));
  const pairs: Pair[] = [];
  const kept = new Set(right.map(({ node }) => node.id));
  let at = 0;
  const removeUpTo = (id: number | undefined): void => {
    for (; at < left.length && left[at]!.node.id !== id; at++)
      if (!kept.has(left[at]!.node.id))
        pairs.push({ label: `[${at}]`, left: left[at]!.node, right: undefined });
  };
  for (const [index, { node }] of right.entries()) {
    if (known.has(node.id)) {
      removeUpTo(node.id);
      pairs.push({ label: `[${index}]`, left: left[at]?.node, right: node });
      at++;
    } else pairs.push({ label: `[${index}]`, left: undefined, right: node });
  }
  removeUpTo(undefined);
  return pairs;
}

function memberPairs({ children: left }: JsonNode, { children: right }: JsonNode): Pair[] {
  const partners = partnersOf(left, right);
  const taken = new Set(partners.values());
  const pairs: Pair[] = [];
  let at = 0;
  // Removed members stand where they stood: before the next one that both sides have.
  const removeUpTo = (end: JsonChild | undefined): void => {
    for (; at < left.length && left[at] !== end; at++)
      if (!taken.has(left[at]!))
        pairs.push({ label: left[at]!.written!, left: left[at]!.node, right: undefined });
  };
  for (const member of right) {
    const partner = partners.get(member);
    if (partner && left.indexOf(partner, at) >= at) removeUpTo(partner);
    pairs.push({ label: member.written!, left: partner?.node, right: member.node });
  }
  removeUpTo(undefined);
  return pairs;
}

/** For members of the right side: the one of the left side with the same id, else with the same key, each once. */
function partnersOf(left: readonly JsonChild[], right: readonly JsonChild[]): Map<JsonChild, JsonChild> {
  const byId = new Map(left.map((member) => [member.node.id, member]));
  const partners = new Map<JsonChild, JsonChild>();
  for (const member of right) {
    const same = byId.get(member.node.id);
    if (same) partners.set(member, same);
  }
  const taken = new Set(partners.values());
  const byKey = new Map<string, JsonChild[]>();
  for (const member of left) {
    if (taken.has(member)) continue;
    const key = keyOf(member)!;
    const others = byKey.get(key);
    if (others) others.push(member);
    else byKey.set(key, [member]);
  }
  for (const member of right) {
    if (partners.has(member)) continue;
    const same = byKey.get(keyOf(member)!)?.shift();
    if (same) partners.set(member, same);
  }
  return partners;
}

/**
 * The part in which two texts differ: how many characters they have in common at their front and at their end. Never cuts a
 * surrogate pair.
 */
export function commonEnds(left: string, right: string): { readonly front: number; readonly end: number } {
  const most = Math.min(left.length, right.length);
  let front = 0;
  while (front < most && left[front] === right[front]) front++;
  if (front > 0 && isHighSurrogate(left, front - 1)) front--;
  let end = 0;
  while (end < most - front && left[left.length - 1 - end] === right[right.length - 1 - end]) end++;
  if (end > 0 && isLowSurrogate(left, left.length - end)) end--;
  return { front, end };
}

const isHighSurrogate = (text: string, at: number): boolean => /[\ud800-\udbff]/.test(text[at]!);
const isLowSurrogate = (text: string, at: number): boolean => /[\udc00-\udfff]/.test(text[at]!);
