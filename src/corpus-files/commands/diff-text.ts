import { counted } from '../../platform/counted.js';
import { inGroups, printable, tableText } from '../../platform/terminal/print.js';
import { type Difference, type Example, type FieldChanges, type NamedSample } from '../diff.js';

/** The names of the two corpora, as given. */
export interface Names {
  readonly before: string;
  readonly after: string;
}

type Kind = keyof Difference['first'];

/** In the order of the reports. */
const KINDS: readonly Kind[] = ['changed', 'added', 'removed', 'moved'];
/** The most fields of a report for people; as JSON there are all. */
const MAX_FIELDS = 30;
/** The most characters of a value in a report for people. */
const MAX_VALUE_LENGTH = 60;
/** The most bytes of a value as JSON. */
const MAX_VALUE_BYTES = 10_000;

/** `moved` is rare, and needs to be explained. */
function countsOf(difference: Difference, { before, after }: Names): [name: string, count: number][] {
  const { changed, added, removed, moved, unchanged } = difference;
  return [
    [`in ${before}`, difference.before.samples],
    [`in ${after}`, difference.after.samples],
    ['unchanged', unchanged],
    ['changed', changed],
    ['added', added],
    ['removed', removed],
    ...(moved > 0 ? ([['moved: in both, but created at another time', moved]] as [string, number][]) : []),
  ];
}

/** For a terminal. */
export function diffText(difference: Difference, names: Names): string {
  const lines = [
    tableText([
      ['SAMPLES', ''],
      ...countsOf(difference, names).map(([name, count]) => [name, inGroups(count)]),
    ]),
  ];
  const fields = difference.fields.slice(0, MAX_FIELDS);
  if (fields.length > 0) {
    const rows = fields.map(({ field, values, samples }) => [inGroups(values), inGroups(samples), field]);
    lines.push(tableText([['VALUES', 'SAMPLES', 'CHANGED FIELD'], ...rows]), ...moreFields(difference));
    const examples = fields.flatMap((field) => field.examples.map(exampleRow));
    lines.push(tableText([['JOB', 'FIELD', 'OLD', 'NEW'], ...examples]));
  }
  for (const kind of KINDS) {
    const first = difference.first[kind];
    if (first.length === 0) continue;
    const rows = first.map(({ job_id, filename }) => [job_id, filename]);
    lines.push(tableText([[heading(kind, difference).toUpperCase(), ''], ...rows]));
  }
  return lines.join('\n');
}

function exampleRow(example: Example): string[] {
  const { job_id, path } = example;
  return [job_id, path, shortened(example.oldValue), shortened(example.newValue)];
}

function moreFields({ fields, valuesOfMoreFields }: Difference): string[] {
  const more = fields.length - MAX_FIELDS;
  const lines = more > 0 ? [`and ${counted(more, 'more field')}\n`] : [];
  if (valuesOfMoreFields > 0)
    lines.push(`and ${counted(valuesOfMoreFields, 'value')} of fields that were not counted one by one\n`);
  return lines;
}

function heading(kind: Kind, difference: Difference): string {
  const { length } = difference.first[kind];
  return length < difference[kind] ? `first ${kind}` : kind;
}

/** A value as text; an empty one if it is not there. */
function shortened(value: Buffer | undefined): string {
  const characters = Array.from(value?.toString('utf8', 0, 4 * (MAX_VALUE_LENGTH + 1)) ?? '');
  return characters.length <= MAX_VALUE_LENGTH
    ? characters.join('')
    : `${characters.slice(0, MAX_VALUE_LENGTH - 1).join('')}…`;
}

/** For a pull request, in GitHub's Markdown. */
export function diffMarkdown(difference: Difference, names: Names): string {
  const { fields } = difference;
  const parts = [
    `## ${code(names.before)} → ${code(names.after)}`,
    markdownTable(
      ['', 'samples:'],
      countsOf(difference, names).map(([name, count]) => [escaped(name), inGroups(count)]),
    ),
  ];
  if (fields.length > 0) {
    const shown = fields.slice(0, MAX_FIELDS);
    parts.push(
      '### Fields that changed most',
      markdownTable(
        ['field', 'values:', 'samples:'],
        shown.map(({ field, values, samples }) => [code(field), inGroups(values), inGroups(samples)]),
      ),
      ...moreFields(difference),
      '### Examples',
      markdownTable(['sample', 'field', 'old', 'new'], shown.flatMap(exampleCells)),
    );
  }
  for (const kind of KINDS) {
    const first = difference.first[kind];
    if (first.length > 0)
      parts.push(
        `### ${capitalised(heading(kind, difference))}`,
        first.map((named) => `- ${linkText(named)}`).join('\n'),
      );
  }
  return `${parts.map((part) => part.trimEnd()).join('\n\n')}\n`;
}

function exampleCells({ examples }: FieldChanges): string[][] {
  return examples.map((example) => [
    linkText(example),
    code(example.path),
    code(shortened(example.oldValue)),
    code(shortened(example.newValue)),
  ]);
}

function linkText({ job_id, filename }: NamedSample): string {
  return `${code(job_id)} ${code(filename)}`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** @param columns their names; numbers are aligned to the right in those that end with a colon */
function markdownTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const names = columns.map((name) => name.replace(/:$/, ''));
  const rules = columns.map((name) => (name.endsWith(':') ? '---:' : '---'));
  return [row(names), row(rules), ...rows.map(row)].join('\n');
}

/** In code, only a run of backticks that is as long as the fence has a meaning, and in a table a bar, unless it is escaped. */
function code(text: string): string {
  if (text === '') return '';
  const shown = printable(text).replaceAll('|', '\\|');
  const longest = Math.max(0, ...(shown.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  const space = longest > 0 || /^ | $/.test(shown) ? ' ' : '';
  return `${fence}${space}${shown}${space}${fence}`;
}

function escaped(text: string): string {
  return printable(text).replace(/[\\`*_{}[\]<>()#|~&]/g, '\\$&');
}

/** As one JSON object. Values are copied as they are in the corpora; one that is longer than MAX_VALUE_BYTES is left out. */
export function diffJson(difference: Difference, names: Names): string {
  const { fields, first, valuesOfMoreFields, before, after, ...counts } = difference;
  const head = JSON.stringify({
    before: { name: names.before, ...before },
    after: { name: names.after, ...after },
    ...counts,
    values_of_more_fields: valuesOfMoreFields,
    first,
  });
  return `${head.slice(0, -1)},"fields":[${fields.map(fieldJson).join(',')}]}\n`;
}

function fieldJson({ examples, ...counts }: FieldChanges): string {
  return `${JSON.stringify(counts).slice(0, -1)},"examples":[${examples.map(exampleJson).join(',')}]}`;
}

function exampleJson({ oldValue, newValue, ...named }: Example): string {
  const member = (name: string, value: Buffer | undefined) =>
    value && value.length <= MAX_VALUE_BYTES ? `,"${name}":${value.toString()}` : '';
  const isCut = [oldValue, newValue].some((value) => value && value.length > MAX_VALUE_BYTES);
  const values = member('old_value', oldValue) + member('new_value', newValue);
  return `${JSON.stringify(named).slice(0, -1)}${values}${isCut ? ',"cut":true' : ''}}`;
}
