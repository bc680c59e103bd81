import { counted } from '../../platform/counted.js';
import { inGroups } from '../../platform/terminal/print.js';
import { amountOf } from '../left-out.js';
import { type DatasetReport, sizeText } from '../report.js';

/** What the command says of a dataset that it has written. */
export function reportText(report: DatasetReport, folder: string): string {
  const { splits, left_out, leakage, images, flags } = report;
  const closest = leakage.most_similar_across_splits;
  return [
    `${sizeText(report)}${images > 0 ? ` and ${counted(images, 'image')}` : ''} written to ${folder}: ` +
      splits.map(({ name, rows }) => `${name} ${inGroups(rows)}`).join(', '),
    `${counted(leakage.groups, 'group')}; ${
      flags['near-duplicates'] === 'off'
        ? 'near-duplicates were not looked for'
        : closest
          ? `the most similar pair found across splits: ${Math.floor(closest.similarity * 1000) / 10}%`
          : 'no two documents of different splits are similar enough to be compared'
    }`,
    ...left_out.map(
      (each) =>
        `left out, ${each.reason}: ${amountOf(each)} (${each.job_ids[0]!}${each.job_ids.length > 1 ? ', …' : ''})`,
    ),
  ].join('\n');
}
