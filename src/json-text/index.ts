/**
 * JSON as text, without a detour through JavaScript values, so that numbers, escapes, member order and duplicate keys stay as
 * written. Pure: no framework, no database. It offers:
 *
 * - `compact` checks JSON text and removes white space; `depth` measures nesting; `equal` compares two texts by meaning,
 *   and `canonicalScalar` gives equal scalars one form; `foreignEncodingOf` and `withoutByteOrderMark` look at the first bytes of a text.
 * - Field paths: `parseFieldPath`, `formatFieldPath`, and `parsePointer` with `resolvePointer` for JSON Pointer;
 *   `plainSpelling` gives the one spelling of a path.
 * - `JsonDocument` finds and edits values in a text; `add`, `remove`, `replace` and `applyEdit` are the edits of RFC 6902.
 * - `visitLeaves` visits the values of a text that have no parts, without making a tree.
 * - `describeReach` says up to where a path leads in a document.
 * - `deriveEdits` computes the edits that lead from one text to another.
 * - `readMembers` and `readElements` split an object or an array into its parts.
 *
 * Code outside this folder imports only this file.
 */
export { Budget } from './align.js';
export { compact, depth, MAX_DEPTH } from './compact.js';
export { deriveEdits } from './derive.js';
export { add, applyEdit, type Edited, type Op, PATH_MISSING, remove, replace } from './edit.js';
export { canonicalScalar, equal } from './equal.js';
export { foreignEncodingOf, withoutByteOrderMark } from './foreign-text.js';
export {
  collapsedPathBelow,
  type FieldPath,
  FieldPathCache,
  FieldPathError,
  formatCollapsedPath,
  formatFieldPath,
  type Key,
  key,
  MAX_PATH_BYTES,
  parseFieldPath,
  parsePointer,
  plainSpelling,
  tryParseFieldPath,
} from './field-path.js';
export { JsonDocument, resolvePointer, type Target } from './json-document.js';
export { type JsonSink, type JsonSlice, sliceOf, textOf } from './json-slice.js';
export { type LeafVisitor, visitLeaves } from './leaves.js';
export { describeReach } from './reach.js';
export { decodedKey, JSON_NULL, readElements, readMembers } from './read.js';
export { JsonTextError, TooDeepError } from './scan.js';
