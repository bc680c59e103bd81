import { inGroups, printable, tableText } from '../../platform/terminal/print.js';
import { type CalibrationReport, type Threshold } from '../calibration.js';
import { type ErrorRates, type ErrorReport, type FieldErrors } from '../error-counts.js';
import { type Errors } from '../errors.js';
import { type Rate } from '../rate.js';

/** The most rows of a table of groups, in which a name may be a whole producer. */
const MOST_NAME_LENGTH = 60;

/** Errors as tables. */
export function errorsText(errors: Errors): string {
  const { jobs, reviewers, all, fields, by, groups, calibration } = errors;
  const parts = [
    tableText([
      ['jobs', inGroups(jobs.total)],
      [
        '  approved',
        `${inGroups(jobs.approved)}  ${percent(jobs.approved_share)}; nothing is known of the others`,
      ],
      ['  measured', inGroups(jobs.measured)],
      ['    without corrections', `${inGroups(jobs.uncorrected)}  ${percent(jobs.uncorrected_share)}`],
      ...(jobs.diverged > 0 ? [['  diverged, left out', inGroups(jobs.diverged)]] : []),
      ...(jobs.too_large > 0 ? [['  too large, left out', inGroups(jobs.too_large)]] : []),
    ]),
    `who approved, and how often without any correction\n${tableText([
      ['reviewer', 'approved', 'uncorrected', 'share', '95% interval'],
      ...reviewers.map(({ reviewer, approved, uncorrected, ...share }) => [
        reviewer ?? '(none)',
        inGroups(approved),
        inGroups(uncorrected),
        ...rateCells(share),
      ]),
    ])}`,
    `errors by field: the rate is (wrong + missing + spurious) / values\n${fieldTable({ all, fields })}`,
    ...(groups ?? []).map(
      ([name, report]) =>
        `${by === undefined ? '' : printable(by)} ${shortened(name)}\n${fieldTable(report)}`,
    ),
    ...(calibration ? calibrationTexts(calibration) : []),
  ];
  return parts.join('\n');
}

function fieldTable({ all, fields }: ErrorReport): string {
  const isConfirmed = all.confirmed > 0;
  return tableText([
    [
      'rate',
      '95% interval',
      'values',
      'wrong',
      'missing',
      'spurious',
      ...(isConfirmed ? ['confirmed', 'only approved'] : []),
      'documents',
      'affected',
      '95% interval',
      'field',
      'misread',
    ],
    [...cells(all, isConfirmed), '(all)', ''],
    ...fields.map((field) => [
      ...cells(field, isConfirmed),
      field.field_path === '' ? '(the whole document)' : field.field_path,
      confusionText(field),
    ]),
  ]);
}

function cells(rates: ErrorRates, isConfirmed: boolean): string[] {
  const { documents, documents_rate: rate, documents_interval: interval } = rates;
  return [
    ...rateCells(rates),
    ...[rates.values, rates.wrong, rates.missing, rates.spurious].map(inGroups),
    ...(isConfirmed ? [rates.confirmed, rates.only_approved].map(inGroups) : []),
    inGroups(documents),
    ...rateCells({ rate, interval }),
  ];
}

function rateCells({ rate, interval }: Rate): string[] {
  return [percent(rate), interval === null ? '' : `${percent(interval[0])} to ${percent(interval[1])}`];
}

function confusionText({ confusions }: FieldErrors): string {
  return confusions.map(({ from, to, count }) => `${shown(from)}→${shown(to)} ${inGroups(count)}`).join(', ');
}

/** Quoted where it could not be seen otherwise. */
function shown(character: string): string {
  return /[\s\p{C}]/u.test(character) ? JSON.stringify(character) : character;
}

function calibrationTexts({ max_error, documents, fields }: NonNullable<Errors['calibration']>): string[] {
  const texts = ({ all, producers }: typeof documents, what: string) => [
    calibrationText(`confidence of ${what}`, all, max_error),
    ...producers.map(([name, report]) =>
      calibrationText(`confidence of ${what}, producer ${shortened(name)}`, report, max_error),
    ),
  ];
  return [
    ...texts(documents, 'documents, against no error in them'),
    ...texts(fields, 'values, against a right value'),
  ];
}

function calibrationText(title: string, report: CalibrationReport, maxError: number): string {
  if (report.values === 0) return `${title}: there is none\n`;
  return `${title}\n${tableText([
    ['confidence', 'values', 'mean', 'right', '95% interval'],
    ...report.bins
      .filter(({ values }) => values > 0)
      .map(({ low, high, values, mean_confidence, accuracy, interval }) => [
        `${low} to ${high}`,
        inGroups(values),
        percent(mean_confidence),
        ...rateCells({ rate: accuracy, interval }),
      ]),
  ])}${tableText([
    ['expected calibration error', fixed(report.ece)],
    ['Brier score', fixed(report.brier)],
    ['area under the ROC curve', fixed(report.auroc)],
    [`most that pass at ${percent(maxError)} errors`, thresholdText(report.threshold)],
    ['  with 95% assurance', thresholdText(report.assured_threshold)],
  ])}`;
}

function thresholdText(threshold: Threshold | null): string {
  if (threshold === null) return 'none';
  const { confidence, share, values, wrong, interval } = threshold;
  const [low, high] = interval ?? [0, 1];
  return `from ${confidence}: ${percent(share)} (${inGroups(values)}), of these ${inGroups(wrong)} wrong, ${percent(low)} to ${percent(high)}`;
}

function percent(share: number | null): string {
  return share === null ? '' : `${(100 * share).toFixed(1)}%`;
}

function fixed(number: number | null): string {
  return number === null ? '' : number.toFixed(4);
}

function shortened(name: string): string {
  const text = printable(name);
  return text.length <= MOST_NAME_LENGTH ? text : `${text.slice(0, MOST_NAME_LENGTH - 1)}…`;
}
