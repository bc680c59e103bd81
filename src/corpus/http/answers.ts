import { type PlannedCorrection } from '../plan.js';
import { type RecordedCorrection } from '../locked-job.js';

/** What an answer says beside the corrections. */
interface Notes {
  /** Whether one replaces the whole result, because there would have been too many. */
  readonly isWhole?: boolean;
  readonly warnings?: readonly string[];
}

/** Corrections as JSON, values as written. Planned ones have no `id`, `corrected_by`, `reason` and `corrected_at`. */
export function correctionsText(
  corrections: readonly (PlannedCorrection | RecordedCorrection)[],
  { isWhole = false, warnings = [] }: Notes = {},
): Buffer {
  const whole = isWhole ? ',"whole_document":true' : '';
  const warned = warnings.length > 0 ? `,"warnings":${JSON.stringify(warnings)}` : '';
  const parts = corrections.flatMap((correction, index) => [
    Buffer.from(index === 0 ? '' : ','),
    ...partsOf(correction),
  ]);
  return Buffer.concat([Buffer.from('{"corrections":['), ...parts, Buffer.from(`]${whole}${warned}}`)]);
}

/** `correctionsText` of a trail, in blocks. */
export async function* trailText(trail: AsyncIterable<RecordedCorrection>): AsyncGenerator<Buffer> {
  let lead = '{"corrections":[';
  let parts: Buffer[] = [];
  let size = 0;
  for await (const correction of trail) {
    const text = Buffer.concat([Buffer.from(lead), ...partsOf(correction)]);
    lead = ',';
    parts.push(text);
    size += text.length;
    if (size < BLOCK_SIZE) continue;
    yield Buffer.concat(parts);
    [parts, size] = [[], 0];
  }
  yield Buffer.concat([...parts, Buffer.from(lead === ',' ? ']}' : `${lead}]}`)]);
}

const BLOCK_SIZE = 64 * 1024;

function partsOf(correction: PlannedCorrection | RecordedCorrection): Buffer[] {
  const { field_path, op, old_value, new_value } = correction;
  const id = 'id' in correction ? `"id":${correction.id},` : '';
  const record =
    'id' in correction
      ? `,"corrected_by":${JSON.stringify(correction.corrected_by)},"reason":${JSON.stringify(correction.reason)}` +
        `,"corrected_at":"${correction.corrected_at}"`
      : '';
  return [
    Buffer.from(`{${id}"field_path":${JSON.stringify(field_path)},"op":"${op}","old_value":`),
    old_value,
    Buffer.from(',"new_value":'),
    new_value,
    Buffer.from(`${record}}`),
  ];
}
