import { counted } from '../../platform/counted.js';
import { inGroups } from '../../platform/terminal/print.js';
import { type DatasetReport } from '../report.js';

/** What the command says of a dataset that it has written. */
export function reportText(
  { splits, left_out, leakage, images, flags }: DatasetReport,
  folder: string,
): string {
  const total = splits.reduce((sum, { rows }) => sum + rows, 0);
  const closest = leakage.most_similar_across_splits;
  return [
    `${counted(total, 'row')}${images > 0 ? ` and ${counted(images, 'image')}` : ''} written to ${folder}: ` +
      splits.map(({ name, rows }) => `${name} ${inGroups(rows)}`).join(', '),
    `${counted(leakage.groups, 'group')}; ${
      flags['near-duplicates'] === 'off'
        ? 'near-duplicates were not looked for'
        : closest
          ? `the most similar pair found across splits: ${Math.floor(closest.similarity * 1000) / 10}%`
          : 'no two documents of different splits are similar enough to be compared'
    }`,
    ...left_out.map(
      ({ reason, count, job_ids }) =>
        `left out, ${reason}: ${inGroups(count)} (${job_ids[0]!}${count > 1 ? ', …' : ''})`,
    ),
  ].join('\n');
}
