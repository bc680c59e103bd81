import { inGroups } from '../../terminal/numbers.js';
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
  return fields.map(
    ({ field_path, count }) => `  ${inGroups(count).padStart(width)}  ${printable(field_path)}`,
  );
}

/** The empty path is the whole document; a path that direct SQL put in may hold what a terminal would obey. */
function printable(fieldPath: string): string {
  if (fieldPath === '') return '(the whole document)';

  return fieldPath.replace(
    /\p{Cc}/gu,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
