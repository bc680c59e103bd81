import { compact, deriveEdits, type JsonSlice, textOf } from '../json-text/index.js';
import { type Edit } from './replay.js';
import { type Move } from './trace.js';

/**
 * Where values move in a correction of an exact trail. Of a correction that replaced an array or object as a whole, the edits that lead
 * from the one to the other say it (`deriveEdits`).
 */
export function movesOf({ op, path = [], oldValue, newValue }: Omit<Edit, 'position'>): readonly Move[] {
  const isOfOneKind =
    isContainer(oldValue) && oldValue.bytes[oldValue.start] === newValue.bytes[newValue.start];
  const edits =
    op === 'replace' && isOfOneKind ? deriveEdits(compacted(oldValue), compacted(newValue)) : undefined;
  return edits?.map((edit) => ({ op: edit.op, path: [...path, ...edit.path] })) ?? [{ op, path }];
}

/** Direct SQL may have left white space. */
function compacted(value: JsonSlice): Buffer {
  return compact(textOf(value), Infinity);
}

/** Whether a value is an array or an object. */
export function isContainer({ bytes, start }: JsonSlice): boolean {
  return bytes[start] === OPEN_OBJECT || bytes[start] === OPEN_ARRAY;
}

const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;
