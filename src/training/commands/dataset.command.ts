import { Readable } from 'node:stream';
import { Command, Option } from 'nest-commander';
import { FilteringCommand, LIMIT } from '../../ground-truth/commands/filtering-command.js';
import { ExportFilterDto } from '../../ground-truth/corpus-filter.js';
import { namesOf } from '../../platform/parameters/read-dto.js';
import { ExitCode } from '../../platform/terminal/failure.js';
import { Interruption } from '../../platform/terminal/interruption.js';
import { writeOutput } from '../../platform/terminal/output.js';
import { printNote } from '../../platform/terminal/print.js';
import { readFlags } from '../../platform/terminal/read-flags.js';
import { type Flags } from '../../platform/terminal/terminal-command.js';
import { DatasetFlagsDto } from '../dataset-flags.js';
import { offered, UNTRIED } from '../layouts/layouts.js';
import { UnsoundDataset, writeDataset } from '../write-dataset.js';
import { contradictionsIn } from './contradictions.js';
import { CorpusOpener } from './corpus-opener.js';
import { type GivenTexts, requestOf } from './dataset-request.js';
import { placeForDataset } from './flag-files.js';
import { reportText } from './report-text.js';

/** The flags that select samples of the database. */
const FILTERS = namesOf(ExportFilterDto);

@Command({
  name: 'dataset',
  description:
    'Write a folder that a trainer loads: approved samples as rows, in splits; the configuration of the trainer; and a card',
})
export class DatasetCommand extends FilteringCommand {
  constructor(
    private readonly corpora: CorpusOpener,
    private readonly interruption: Interruption,
  ) {
    super();
  }

  protected override examples(): string[] {
    return [
      'ground-truth dataset --out sft',
      'ground-truth dataset --input ocr_text --ledger splits.jsonl --group-by filename --out sft',
      'ground-truth dataset --corpus corpus.jsonl --schema @order.schema.json --answer schema --out sft',
      'ground-truth dataset --input ocr_text --objective preference --min-edit-ratio 0.05 --out dpo',
      "ground-truth dataset --input ocr_text --objective preference --field 'personel[*]' --out dpo",
    ];
  }

  @Option({
    flags: '--out <folder>',
    required: true,
    description: 'the folder of the dataset, which appears whole; only an earlier dataset is replaced',
  })
  out(text: string): string {
    return text;
  }

  @Option({
    flags: '--corpus <file>',
    description:
      'read the samples from a corpus (a file, decompressed if it is compressed; a folder with its parts; - is standard input), not from the database (default: the database)',
  })
  corpus(text: string): string {
    return text;
  }

  @Option({
    flags: '--sources <folder>',
    description:
      'with --corpus: the folder with the page images, as export --sources writes it (default: none)',
  })
  sources(text: string): string {
    return text;
  }

  @Option(LIMIT)
  limit(text: string): string {
    return text;
  }

  @Option({
    flags: '--layout <layout>',
    description: `the trainer, and what is offered for it: ${offered(false)}. ${UNTRIED.join(', ')}: after their documentation, not tried with them (default: trl)`,
  })
  layout(text: string): string {
    return text;
  }

  @Option({
    flags: '--objective <objective>',
    description:
      'sft: the answer; preference: the corrected answer and the one of the pipeline, chosen and rejected; rl: prompts, and the answer as ground_truth (default: sft)',
  })
  objective(text: string): string {
    return text;
  }

  @Option({
    flags: '--input <input>',
    description: `what the model is given: initial, the result of the pipeline; ocr_text, the text of the pages; page_image, their images; ocr_text+page_image. With images, ${offered(true)} (default: initial)`,
  })
  input(text: string): string {
    return text;
  }

  @Option({
    flags: '--instruction <text>',
    description: 'what the prompt begins with, or @file (default: a sentence for the input)',
  })
  instruction(text: string): string {
    return text;
  }

  @Option({
    flags: '--schema <json>',
    description:
      'a JSON Schema, or @file: it stands in the prompt, and answers that do not fit are left out (default: none)',
  })
  schema(text: string): string {
    return text;
  }

  @Option({
    flags: '--answer <form>',
    description:
      'as-is: byte by byte as in the corpus; schema: members in the order of the schema, null for those that are missing (default: as-is)',
  })
  answer(text: string): string {
    return text;
  }

  @Option({
    flags: '--field <path>',
    description:
      'only this part of the documents, in input and answer, such as header; personel[*] makes each row of the table a row of the dataset (default: all of them)',
  })
  field(text: string): string {
    return text;
  }

  @Option({
    flags: '--min-edit-ratio <share>',
    name: 'min_edit_ratio',
    description:
      'for preferences: leave out pairs that differ in a smaller share of their characters, 0 to 1 (default: 0)',
  })
  minEditRatio(text: string): string {
    return text;
  }

  @Option({
    flags: '--split <shares>',
    description:
      'the splits, train first, and their shares of the groups (default: train=0.8,validation=0.1,test=0.1)',
  })
  split(text: string): string {
    return text;
  }

  @Option({
    flags: '--group-by <what>',
    name: 'group_by',
    description:
      'documents that have this in common are in one split: filename, or the value of a field, such as header.nomor_sprint (default: none)',
  })
  groupBy(text: string): string {
    return text;
  }

  @Option({
    flags: '--near-duplicates <share>',
    name: 'near_duplicates',
    description:
      'documents that have this share of the text of their values in common, 0.5 to 1, are in one split too; off: not (default: 0.85)',
  })
  nearDuplicates(text: string): string {
    return text;
  }

  @Option({
    flags: '--ledger <file>',
    description:
      'a file that keeps which split each document is in: those that it has stay there, new ones are added (default: none)',
  })
  ledger(text: string): string {
    return text;
  }

  @Option({
    flags: '--tokenizer <file>',
    description: 'the tokenizer.json of the model, to count tokens with (default: none)',
  })
  tokenizer(text: string): string {
    return text;
  }

  @Option({
    flags: '--max-tokens <n>',
    name: 'max_tokens',
    description:
      'leave out rows whose prompt and answer have more tokens, without those of the chat template; needs --tokenizer (default: all rows)',
  })
  maxTokens(text: string): string {
    return text;
  }

  async run(
    _: string[],
    { out, corpus, sources, ledger, instruction, schema, tokenizer, ...rest }: Flags,
  ): Promise<void> {
    const texts = { out, corpus, sources, ledger, instruction, schema, tokenizer } as GivenTexts;
    const [filters, others] = [true, false].map((isFilter) =>
      Object.fromEntries(Object.entries(rest).filter(([name]) => FILTERS.includes(name) === isFilter)),
    ) as [Flags, Flags];
    const filter = readFlags(this, ExportFilterDto, filters);
    const flags = readFlags(this, DatasetFlagsDto, others);
    const faults = contradictionsIn(flags, texts, Object.keys(filters));
    if (faults.length > 0) this.refuse(faults);
    const { signal } = this.interruption;
    const folder = texts.out!;
    const source = { corpus: texts.corpus, sources: texts.sources, filter, input: flags.input, signal };
    const place = await placeForDataset(folder);
    const request = await requestOf(flags, texts, filters, signal);
    try {
      const report = await writeDataset(
        place,
        request,
        (temporary) => this.corpora.open({ ...source, temporary }),
        async (blocks) => {
          if (texts.ledger !== undefined) await writeOutput(texts.ledger, Readable.from(blocks), signal);
        },
        signal,
      );
      printNote(reportText(report, folder));
    } catch (error) {
      if (!(error instanceof UnsoundDataset)) throw error;
      for (const line of error.message.split('\n')) printNote(`ground-truth: ${line}`);
      process.exitCode = ExitCode.NotSound;
    }
  }
}
