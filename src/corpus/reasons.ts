import { type FieldPath, formatFieldPath, tryParseFieldPath } from '../json-text/index.js';
import { Fault } from '../platform/fault.js';
import { type PlannedCorrection } from './plan.js';

/** Reasons by the path of the correction that they are for: a dotted path in any spelling, or a JSON Pointer. */
export type Reasons = readonly (readonly [path: string, reason: string])[];

/** The most errors that are listed. */
const MAX_FAULTS = 100;

/** Also said of a second spelling of the same path. */
const UNUSED =
  'is not the path of a correction that follows from the result, or names one again; a dry run lists them';

/** There are reasons for paths that no correction has. Nothing was changed. */
class UnusedReasonsFault extends Fault {
  override readonly name = 'UnusedReasonsFault';

  constructor(paths: readonly string[]) {
    const [first] = paths as [string];
    const more = paths.length > 1 ? `; so it is with ${(paths.length - 1).toLocaleString('en')} more` : '';
    super(
      'invalid-body',
      `reasons: ${shown(first)} ${UNUSED}${more}`,
      paths.slice(0, MAX_FAULTS).map((path) => ({
        field: `reasons.${shown(path)}`,
        message: UNUSED,
      })),
    );
  }
}

/**
 * Returns the reason of each correction; null for those whose path is not named.
 *
 * @throws UnusedReasonsFault
 */
export function reasonsOf(corrections: readonly PlannedCorrection[], reasons: Reasons): (string | null)[] {
  const named = new Map(reasons.map(([path, reason]) => [plain(path), { path, reason }]));
  const unused = new Set(reasons.map(([path]) => path));
  const found = corrections.map(({ field_path }) => {
    const path = tryParseFieldPath(field_path) ?? [];
    const given = named.get(formatFieldPath(path)) ?? named.get(pointerOf(path));
    if (given === undefined) return null;
    unused.delete(given.path);
    return given.reason;
  });
  if (unused.size > 0) throw new UnusedReasonsFault([...unused]);
  return found;
}

/** A pointer stays as it is. */
function plain(text: string): string {
  const path = tryParseFieldPath(text);
  return path === undefined ? text : formatFieldPath(path);
}

/** RFC 6901. */
function pointerOf(path: FieldPath): string {
  const tokens = path.map((step) => (typeof step === 'number' ? String(step) : step.key));
  return tokens.map((token) => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function shown(path: string): string {
  const quoted = JSON.stringify(path).replace(/\p{Cc}/gu, '?');
  return quoted.length <= 80 ? quoted : `${quoted.slice(0, 79)}…"`;
}
