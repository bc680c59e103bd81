/** The public face of `json-text`: JSON as text, field paths, and edits. Nothing else of this folder is imported from outside. */
export { compact, depth, MAX_DEPTH } from './compact.js';
export { deriveEdits } from './derive.js';
export { add, applyEdit, type Edited, type Op, PATH_MISSING, remove, replace } from './edit.js';
export { equal } from './equal.js';
export {
  type FieldPath,
  FieldPathCache,
  FieldPathError,
  formatFieldPath,
  type Key,
  key,
  parseFieldPath,
  parsePointer,
} from './field-path.js';
export { JsonDocument, resolvePointer, type Target } from './json-document.js';
export { type JsonSink, type JsonSlice, sliceOf, textOf } from './json-slice.js';
export { JSON_NULL, readElements, readMembers } from './read.js';
export { JsonTextError, TooDeepError } from './scan.js';
