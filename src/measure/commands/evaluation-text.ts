import { counted } from '../../platform/counted.js';
import { inGroups, printable, tableText } from '../../platform/terminal/print.js';
import { type JudgedEvaluation } from '../evaluate-query.js';
import { type Evaluation, type WorstDocument } from '../evaluation.js';
import { type Score } from '../scores.js';
import { type Missed } from '../thresholds.js';

type Rows = readonly (readonly string[])[];

interface Section {
  readonly title: string;
  readonly rows: Rows;
}

const NAMES: readonly (readonly [keyof Evaluation['scores'], string])[] = [
  ['exact', 'documents all right'],
  ['f1', 'F1 of all values'],
  ['precision', 'precision'],
  ['recall', 'recall'],
  ['macro_f1', 'mean F1 of fields'],
  ['aligned', 'KIEval aligned'],
  ['anls', 'ANLS*'],
  ['cer', 'character error rate'],
  ['wer', 'word error rate'],
];

/** Tables for a terminal. */
export function evaluationText(evaluation: JudgedEvaluation): string {
  const sections = sectionsOf(evaluation).map(({ title, rows }) => `${title}\n${tableText(rows)}`);
  return [headOf(evaluation), ...sections].join('\n');
}

export function evaluationMarkdown(evaluation: JudgedEvaluation): string {
  const sections = sectionsOf(evaluation).map(({ title, rows }) => `### ${title}\n\n${markdownTable(rows)}`);
  return [headOf(evaluation), ...sections].join('\n');
}

/** A threshold that is missed, in words. */
export function missedText({ field_path, score, least, value }: Missed): string {
  const name = field_path === undefined ? score : `${printable(field_path)}:${score}`;
  return value === null ? `${name}: there is nothing to score` : `${name} is ${value}, below ${least}`;
}

function headOf({ documents, predictions }: Evaluation): string {
  return `${counted(documents, 'document')}, ${counted(predictions, 'prediction')}\n`;
}

function sectionsOf({ scores, fields, parents, worst }: Evaluation): Section[] {
  const sections: Section[] = [
    {
      title: 'All documents',
      rows: [
        ['score', 'prediction', '95% interval', 'pipeline', 'difference', '95% interval'],
        ...NAMES.map(([key, name]) => [name, ...cells(scores[key])]),
      ],
    },
  ];
  const f1Rows = (all: Evaluation['parents'], first: string) => [
    [first, 'values', 'F1', '95% interval', 'pipeline', 'difference', '95% interval'],
    ...all.map(({ field_path, values, f1 }) => [field_path, inGroups(values), ...cells(f1)]),
  ];
  if (fields.length > 0) sections.push({ title: 'Fields', rows: f1Rows(fields, 'field') });
  if (parents.length > 0)
    sections.push({
      title: 'Objects and arrays, right only if all in them is',
      rows: f1Rows(parents, 'path'),
    });
  if (worst.length > 0) sections.push({ title: 'Documents to look at', rows: worstRows(worst) });
  return sections;
}

function cells(score: Score): string[] {
  return [
    share(score.value),
    interval(score.low, score.high, share),
    share(score.pipeline),
    signed(score.difference),
    interval(score.difference_low, score.difference_high, signed),
  ];
}

function worstRows(worst: readonly WorstDocument[]): Rows {
  return [
    ['job', 'F1', 'pipeline', 'wrong', 'filename'],
    ...worst.map(({ job_id, f1, pipeline_f1, values, predicted, right, has_prediction, filename }) => [
      job_id,
      share(f1),
      share(pipeline_f1),
      has_prediction ? inGroups(Math.max(values, predicted) - right) : 'no prediction',
      filename,
    ]),
  ];
}

function interval(low: number | null, high: number | null, text: (value: number | null) => string): string {
  return low === null && high === null ? '' : `${text(low)} to ${text(high)}`;
}

function share(value: number | null): string {
  return value === null ? '–' : value.toFixed(4);
}

function signed(value: number | null): string {
  return value === null ? '–' : `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;
}

function markdownTable(rows: Rows): string {
  const [head, ...body] = rows.map((row) => `| ${row.map(markdownCell).join(' | ')} |`);
  const line = `| ${rows[0]!.map((_, column) => (column === 0 ? '---' : '--:')).join(' | ')} |`;
  return [head, line, ...body].map((text) => `${text}\n`).join('');
}

function markdownCell(text: string): string {
  return printable(text).replace(/[\\|*_`<[\]]/g, '\\$&');
}
