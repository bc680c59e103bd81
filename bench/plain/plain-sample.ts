import { type PlainCorrection } from './plain-correction.entity.js';
import { type PlainJob } from './plain-job.entity.js';

type Container = Record<string, unknown>;

/** A line of the corpus, by JSON values and without any check of the trail. */
export function plainSample(job: PlainJob): string {
  const initial = job.corrections.length === 0 ? job.result : undoAll(job.result, job.corrections);
  return JSON.stringify({
    job_id: job.id,
    filename: job.filename,
    source_kind: job.source_kind,
    approved: job.approved,
    reviewed_by: job.reviewed_by,
    reviewed_at: job.reviewed_at,
    created_at: job.created_at,
    initial_result: initial,
    final_result: job.result,
    corrections: job.corrections.map((correction) => ({
      field_path: correction.field_path,
      old_value: correction.old_value,
      new_value: correction.new_value,
      corrected_by: correction.corrected_by,
      reason: correction.reason,
      corrected_at: correction.corrected_at,
      ...(correction.op !== 'replace' && { op: correction.op }),
    })),
    review_flags: job.review_flags,
    confidence: job.confidence,
  });
}

function undoAll(result: unknown, corrections: readonly PlainCorrection[]): unknown {
  const document = { root: structuredClone(result) };
  for (const correction of corrections.toReversed()) undo(document, correction);
  return document.root;
}

function undo(document: Container, { field_path, op, old_value }: PlainCorrection): void {
  const keys = ['root', ...(field_path.match(/[^.[\]]+/g) ?? [])];
  const last = keys.pop()!;
  const parent = keys.reduce((container, key) => container[key] as Container, document);
  if (op === 'replace') parent[last] = old_value;
  else if (Array.isArray(parent) && op === 'add') parent.splice(Number(last), 1);
  else if (Array.isArray(parent)) parent.splice(Number(last), 0, old_value);
  else if (op === 'add') Reflect.deleteProperty(parent, last);
  else parent[last] = old_value;
}
