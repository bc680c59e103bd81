import { applyEdit, type Edit, writePath } from './edits.js';
import { writeJson } from './json-writing.js';
import { type Fix } from './mistakes.js';
import { type Order } from './order.js';
import { type Random } from './random.js';
import { HOUR, SECOND, toCalendar, writeTime } from './times.js';
import { REVIEWERS } from './vocabulary.js';

export interface Trail {
  /** Corrections as the corpus writes them. */
  readonly corrections: readonly string[];
  readonly lastReviewer: string;
  /** When the last of them was made, on the working clock. */
  readonly ended: number;
}

/** Carries out the fixes on the order, in place, and writes down each edit with what stood there before. */
export function recordTrail(
  order: Order,
  fixes: readonly Fix[],
  random: Random,
  start: { readonly at: number; readonly reviewer: string; readonly tick: number },
): Trail {
  let { at, reviewer } = start;
  const corrections: string[] = [];
  let before: Edit | undefined;
  for (const { edits, reasons } of fixes) {
    for (const edit of edits) {
      const secondOpinion = before !== undefined && writePath(before.path) === writePath(edit.path);
      if (secondOpinion || random.chance(0.08)) reviewer = otherThan(reviewer, random);
      // A reviewer may save several fields at once; a second opinion takes its time.
      if (secondOpinion) at += random.between(HOUR, 6 * HOUR);
      else if (!random.chance(0.15)) at += random.between(2 * SECOND, 90 * SECOND);
      at -= at % start.tick;
      const reason = random.chance(0.4) ? null : random.pick(reasons);
      corrections.push(writeCorrection(order, edit, reviewer, reason, at));
      before = edit;
    }
  }
  return { corrections, lastReviewer: reviewer, ended: at };
}

export function otherThan(reviewer: string, random: Random): string {
  return random.pick(REVIEWERS.filter((candidate) => candidate !== reviewer));
}

function writeCorrection(
  order: Order,
  edit: Edit,
  reviewer: string,
  reason: string | null,
  at: number,
): string {
  const newValue = writeJson(edit.value);
  const oldValue = writeJson(applyEdit(order, edit));
  const op = edit.op === 'replace' ? '' : `,"op":"${edit.op}"`;
  return (
    `{"field_path":${writeJson(writePath(edit.path))},"old_value":${oldValue},"new_value":${newValue},` +
    `"corrected_by":"${reviewer}","reason":${writeJson(reason)},"corrected_at":"${writeTime(toCalendar(at))}"${op}}`
  );
}
