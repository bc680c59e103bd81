import { type JsonNode } from '../json/json-node.js';
import { textOf } from './draft-tree.js';

/** What a reviewer sees of a value without parts, and edits: a text without its quotes, all else as JSON. */
export function shownText(node: JsonNode): string {
  if (node.kind === 'object') return '{}';
  if (node.kind === 'array') return '[]';
  return node.text.startsWith('"') ? (JSON.parse(node.text) as string) : node.text;
}

/**
 * The JSON of what a reviewer typed over a value. A text stays a text, whatever is in it, and null becomes one where other rows have
 * texts; where there was another value, JSON is meant if it is JSON, else a text. What was not changed stays as it was written.
 *
 * @param beside what other rows have in the place of the value, if they have anything
 */
export function typedText(before: JsonNode, typed: string, beside?: JsonNode): string {
  if (typed === shownText(before)) return textOf(before);
  const like = before.text === 'null' && beside ? beside : before;
  if (like.kind === 'leaf' && like.text.startsWith('"')) return JSON.stringify(typed);
  return isScalar(typed) ? typed : JSON.stringify(typed);
}

/** A number is not read into one of JavaScript: only its form is checked. */
function isScalar(text: string): boolean {
  return /^(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)$/.test(text);
}

/** Beyond it, lines go no further to the right: those of a deep document would become many times as long. */
const MOST_INDENT = 40;

/** The document as JSON for people: a value a line. Its values are as they are written. */
export function indented(root: JsonNode): string {
  const parts: string[] = [];
  const write = (node: JsonNode, line: string): void => {
    const [open, close] = node.kind === 'array' ? '[]' : '{}';
    if (node.kind === 'leaf') parts.push(node.text);
    else if (node.children.length === 0) parts.push(open!, close!);
    else {
      const inner = line.length > MOST_INDENT ? line : `${line}  `;
      for (const [index, { written, node: child }] of node.children.entries()) {
        parts.push(index === 0 ? open! : ',', inner);
        if (written !== undefined) parts.push(written, ': ');
        write(child, inner);
      }
      parts.push(line, close!);
    }
  };
  write(root, '\n');
  return parts.join('');
}
