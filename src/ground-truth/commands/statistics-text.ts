import { inGroups } from '../../terminal/numbers.js';
import { printable } from '../../terminal/table.js';
import { type Statistics } from '../statistics-query.js';
import { countLines } from './counts-text.js';

/** Statistics for people, aligned. Field paths come last, since there is no telling how long they are. */
export function statisticsText(statistics: Statistics): string {
  const { top_corrected_fields: fields } = statistics;
  const lines = countLines([
    ['jobs', statistics.total_jobs],
    ['  approved', statistics.approved_jobs],
    ['  with corrections', statistics.jobs_with_corrections],
    ['corrections', statistics.total_corrections],
  ]);
  if (fields.length > 0) lines.push('', 'most corrected fields', ...fieldLines(fields));
  return `${lines.join('\n')}\n`;
}

function fieldLines(fields: Statistics['top_corrected_fields']): string[] {
  const width = inGroups(fields[0]!.count).length;
  return fields.map(({ field_path, count }) => `  ${inGroups(count).padStart(width)}  ${nameOf(field_path)}`);
}

/** The empty path is the whole document. */
function nameOf(fieldPath: string): string {
  return fieldPath === '' ? '(the whole document)' : printable(fieldPath);
}
