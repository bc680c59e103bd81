import { inGroups, printable, tableText, toTheSecond } from '../../platform/terminal/print.js';
import { type Coverage, type Precision, type Progress } from '../coverage.js';

const COLUMNS = ['have', 'need', 'missing', 'last 28 days', 'enough on'];

/** Coverage as tables. */
export function coverageText({ as_of, jobs, buckets, per, gain }: Coverage): string {
  const parts = [
    tableText([
      ['jobs', inGroups(jobs.total)],
      ['  approved', inGroups(jobs.approved)],
      ...(jobs.diverged > 0 ? [['  diverged, left out', inGroups(jobs.diverged)]] : []),
      ...(jobs.too_large > 0 ? [['  too large, left out of the error rate', inGroups(jobs.too_large)]] : []),
      ['as of', toTheSecond(as_of)],
    ]),
    ...(buckets.length === 0
      ? []
      : [
          tableText([
            ['documents with', ...COLUMNS, 'field'],
            ...buckets.map((bucket) => [bucket.name, ...progressCells(bucket), bucket.field_path]),
          ]),
        ]),
    ...per.map(({ field_path, values, done, progress }) =>
      [
        `each value of ${printable(field_path)}: enough of ${inGroups(done)} of ${inGroups(values)}\n`,
        tableText([
          [...COLUMNS, 'value'],
          ...progress.map(([value, ofValue]) => [...progressCells(ofValue), value]),
        ]),
      ].join(''),
    ),
    [
      `can a gain of ${percent(gain.gain)} be seen?\n`,
      tableText([
        ['error rate of', 'rate', '95% interval', 'half of it', 'narrow enough', 'documents it takes'],
        ['documents', ...precisionCells(gain.documents)],
        ['values', ...precisionCells(gain.values)],
      ]),
    ].join(''),
  ];
  return parts.join('\n');
}

function progressCells({ have, need, missing, last_28_days, day }: Progress): string[] {
  const when = missing === 0 ? 'now' : (day ?? 'not at this pace');
  return [...[have, need, missing, last_28_days].map(inGroups), when];
}

function precisionCells({
  rate,
  interval,
  half_width,
  is_narrow_enough,
  documents_needed,
}: Precision): string[] {
  if (rate === null || interval === null) return ['', '', '', 'no', ''];
  return [
    percent(rate),
    `${percent(interval[0])} to ${percent(interval[1])}`,
    percent(half_width ?? 0),
    is_narrow_enough ? 'yes' : 'no',
    inGroups(documents_needed ?? 0),
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}
