import { formatFieldPath, readMembers, tryParseFieldPath } from '../json-text/index.js';
import { type Move } from '../replay/trace.js';
import { traceAllForward } from '../replay/trace-all.js';
import { type EvidenceRecord } from './job-record.js';

const TOUCHED = ',"touched":true}';
const UNTOUCHED = ',"touched":false}';

/**
 * Returns what the pipeline said of fields, by the paths that they have now, each with `touched`: whether a correction changed the
 * field or a part of it. Fields that a correction took out are left out. Everything else stays as it was written.
 *
 * @returns compact JSON text; `null` if the pipeline said nothing
 */
export function currentFields({ fields, moves }: EvidenceRecord): Buffer {
  const members = readMembers(fields);
  if (members === undefined) return fields;
  const traced = traceAllForward(
    members.map(({ key }) => tryParseFieldPath(key) ?? []),
    readMoves(moves),
  );
  const parts = members.flatMap(({ value }, index) => {
    const now = traced[index];
    if (now === undefined) return [];
    const touched = now.isEdited ? TOUCHED : UNTOUCHED;
    const isEmpty = value.length === '{}'.length;
    return [
      Buffer.from(`,${JSON.stringify(formatFieldPath(now.path))}:`),
      value.subarray(0, -1),
      Buffer.from(isEmpty ? touched.slice(1) : touched),
    ];
  });
  return Buffer.concat([Buffer.from('{'), Buffer.concat(parts).subarray(1), Buffer.from('}')]);
}

/** Corrections whose path cannot be parsed move nothing. */
function readMoves(moves: Buffer): Move[] {
  return ((JSON.parse(moves.toString()) ?? []) as [Move['op'], string][]).flatMap(([op, text]) => {
    const path = tryParseFieldPath(text);
    return path ? [{ op, path }] : [];
  });
}
