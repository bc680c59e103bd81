import { createHash } from 'node:crypto';
import { counted } from '../platform/counted.js';
import { type DatasetFacts, type Layout } from './layouts/layout.js';
import { amountOf } from './left-out.js';
import { type DatasetReport, type Lengths, sizeText } from './report.js';

/** The card of a dataset: what `README.md` of its folder says, with the configuration of Hugging Face `datasets` on top. */
export function datasetCard(report: DatasetReport, facts: DatasetFacts, layout: Layout): string {
  const { corpus, flags, leakage } = report;
  return `${frontMatter(report, facts, layout)}
# ${sizeText(report)} for ${OBJECTIVES[facts.objective]}

Made by Ground Truth ${report.version} from a corpus of reviewed documents: approved samples whose trail of corrections leads back exactly.
\`dataset.json\` has all of this for programs.

**Personal data.** The rows hold whatever the documents hold: names, numbers, places. Keep this folder as you keep the documents. A
document that is erased from the corpus stays here, and in models that were trained on it, until both are made again.

## How it was made

| | |
|---|---|
${table(Object.entries(flags).map(([name, value]) => [`\`--${name}\``, code(value)]))}
| corpus | ${counted(corpus.samples, 'sample')}, ${grouped(corpus.bytes)} bytes, SHA-256 \`${corpus.sha256}\` |
${report.producers.map(({ producer, documents }) => `| producer of ${counted(documents, 'document')} | ${code(producer)} |\n`).join('')}
## Splits

${splitsTable(report)}

${leakageText(report)}

${counted(leakage.groups, 'group')}; ${counted(leakage.documents_in_groups_of_several, 'document')} are in groups of several. The largest: ${leakage.largest_groups.join(', ')}.

## Lengths

| | Median | 90% | 99% | Longest |
|---|---|---|---|---|
${table(Object.entries(report.lengths).map(([name, lengths]) => [name.replaceAll('_', ' '), ...numbers(lengths)]))}

## Most corrected fields

${listed(report.most_corrected_fields.map(({ field_path, count: times }) => `${code(field_path === '' ? 'the whole document' : field_path)}: ${grouped(times)}`))}

## Left out

${listed(report.left_out.map((each) => `${each.reason}: ${amountOf(each)} (${code(each.job_ids[0]!)}${each.job_ids.length > 1 ? ', …' : ''})`))}

## Training

\`\`\`sh
${layout.usage(facts)}
\`\`\`

${PROMPT_NOTE}${isByRow(report) ? ROW_NOTE : ''}${facts.objective === 'preference' ? PREFERENCE_NOTE : ''}`;
}

const OBJECTIVES = {
  sft: 'supervised fine-tuning',
  preference: 'preference training',
  rl: 'training with rewards',
};

const PROMPT_NOTE = `When you serve the model, give it the same prompt as the rows: the instruction, a blank line, and the input.
`;

/** Behind PROMPT_NOTE, where each row of a table is a row of the dataset. */
const ROW_NOTE = `Ask for each row of a table by itself. The input is the row as the pipeline read it; or the path of the row, a blank line, and what was
read of the whole document. \`jobs.jsonl\` has the path of each.
`;

const PREFERENCE_NOTE = `
**Preferences are easily harmful.** \`chosen\` is the corrected answer, \`rejected\` the pipeline's own. They often differ in a few tokens;
training on the difference alone then makes both less likely, and the model worse. So:

- Train with \`--objective sft\` first. Start from that model, and compare with it.
- Keep a loss on the chosen answer beside the preference, as the configuration in this folder does.
- \`rejected\` is best what the model to be trained has answered. Above, under "producer", is what made the rejected answers.
- Leave out pairs that hardly differ: \`--min-edit-ratio\`. Pairs of single rows, \`--field 'personel[*]'\`, have less in common than
  documents have.
`;

/**
 * `datasets` keeps what it has loaded by the names of folder and configuration, and would take the rows of an earlier dataset in the
 * same folder for these. So the name of the configuration changes with the rows.
 */
function configurationName({ splits }: DatasetReport): string {
  const digest = createHash('sha256').update(
    splits.map(({ name, sha256 }) => `${name} ${sha256 ?? ''}\n`).join(''),
  );
  return `rows-${digest.digest('hex').slice(0, 16)}`;
}

function frontMatter(report: DatasetReport, facts: DatasetFacts, layout: Layout): string {
  const { splits } = facts;
  const name = configurationName(report);
  const features = layout.features?.(facts);
  return `---
configs:
- config_name: ${name}
  data_files:
${splits.map((split) => `  - split: ${split.name}\n    path: ${split.file}`).join('\n')}
${features === undefined ? '' : `dataset_info:\n- config_name: ${name}\n  features:${features}\n`}---
`;
}

/** Whether a document may have several rows. */
function isByRow({ splits }: DatasetReport): boolean {
  return splits.some(({ documents }) => documents !== undefined);
}

function splitsTable(report: DatasetReport): string {
  const { splits } = report;
  const head = ['Split', 'Rows', ...(isByRow(report) ? ['Documents'] : [])];
  return `| ${[...head, 'Share asked for', 'From the ledger'].join(' | ')} |
|${'---|'.repeat(head.length + 2)}
${table(
  splits.map(({ name, rows, documents, share, from_ledger }) => [
    name,
    grouped(rows),
    ...(documents === undefined ? [] : [grouped(documents)]),
    String(share),
    grouped(from_ledger),
  ]),
)}`;
}

function leakageText({ flags, leakage, splits }: DatasetReport): string {
  const closest = leakage.most_similar_across_splits;
  if (flags['near-duplicates'] === 'off')
    return 'Documents of one group are in one split. Near-duplicates were not looked for.';
  const pair = closest
    ? `The most similar pair across splits that was found has ${percent(closest.similarity)} of its shingles in common: ${closest.documents.map(({ job_id, split }) => `\`${job_id}\` (${split})`).join(', ')}.`
    : 'No pair across splits was similar enough to be compared.';
  const crowded =
    leakage.not_compared_with_all === 0
      ? ''
      : ` ${counted(leakage.not_compared_with_all, 'document')} resemble so many others in a part of their text that they were not compared with all of them.`;
  const alone = leakage.if_split_alone
    .filter(({ documents }) => documents > 0)
    .map(
      ({ split, documents, with_group_in_train }) =>
        `${grouped(with_group_in_train)} of ${grouped(documents)} in ${split}`,
    );
  const random =
    splits.length > 1 && alone.length > 0
      ? ` Had each document been assigned by itself, ${alone.join(', and ')} would have a near-duplicate in train.`
      : '';
  return `Documents of one group, and documents that have ${percent(Number(flags['near-duplicates']))} or more of their shingles in common, are in one split.
${pair}${crowded}${random}`;
}

function numbers({ median, p90, p99, longest }: Lengths): string[] {
  return [median, p90, p99, longest].map(grouped);
}

function table(rows: readonly (readonly string[])[]): string {
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function listed(lines: readonly string[]): string {
  return lines.length === 0 ? 'None.' : lines.map((line) => `- ${line}`).join('\n');
}

/** As code in a cell of a table or a line of a list. */
function code(text: string): string {
  const line = text.replace(/\s+/g, ' ').replaceAll('|', '\\|');
  const short = line.length > 200 ? `${line.slice(0, 200)}…` : line;
  const fence = short.includes('`') ? '``' : '`';
  return fence === '`' ? `\`${short}\`` : `${fence} ${short} ${fence}`;
}

function grouped(number: number): string {
  return number.toLocaleString('en-US');
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))}%`;
}
