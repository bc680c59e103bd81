import { type FieldPath, formatFieldPath, type Index, type Key } from './field-path.js';
import { type JsonDocument, type Kind } from './json-document.js';

/**
 * Says up to where a path leads in a document, and what stands there: its kind and the length of an array, never its content. Undefined
 * if the path leads to a value.
 */
export function describeReach(document: JsonDocument, path: FieldPath): string | undefined {
  let target = document.find([])!;
  for (const [index, step] of path.entries()) {
    const next = document.findBelow(target, step);
    if (next?.exists !== true) {
      const place = index === 0 ? 'the document' : shortened(formatFieldPath(path.slice(0, index)));
      return `${place} is ${describeEnd(document.kindOf(target), document.lengthOf(target) ?? 0, step)}`;
    }
    target = next;
  }
  return undefined;
}

function describeEnd(kind: Kind, length: number, step: Key | Index): string {
  const member = typeof step === 'object' ? `member ${nameOf(step.key)}` : undefined;
  const index = typeof step === 'number' ? `[${step}]` : '';
  if (kind === 'array') {
    const array = `an array of ${length.toLocaleString('en')} ${length === 1 ? 'element' : 'elements'}`;
    return member === undefined
      ? `${array}, and ${index} is beyond its end`
      : `${array}, which has no ${member}`;
  }
  if (kind === 'object')
    return member === undefined
      ? `an object, and ${index} is an index of an array`
      : `an object without a ${member}`;
  return kind === 'null' ? 'null, with nothing below it' : `a ${kind}, with nothing below it`;
}

const MOST_LETTERS = 80;

/** A key or a path from the request or the trail, for a line of a message. */
function shortened(text: string): string {
  const shown = text.replace(/[\p{Cc}\p{Cf}]/gu, '?');
  return shown.length <= MOST_LETTERS ? shown : `…${shown.slice(1 - MOST_LETTERS)}`;
}

function nameOf(key: string): string {
  return /^[\w-]+$/.test(key) ? shortened(key) : shortened(JSON.stringify(key));
}
