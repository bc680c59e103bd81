import path from 'node:path';
import { Command, Option } from 'nest-commander';
import { FilteringCommand } from '../../ground-truth/commands/filtering-command.js';
import { ExportService } from '../../ground-truth/export.service.js';
import { ExitCode } from '../../platform/terminal/failure.js';
import { openCorpus } from '../../corpus-files/commands/open-corpus.js';
import { openInput } from '../../platform/terminal/input.js';
import { Interruption } from '../../platform/terminal/interruption.js';
import { print, printNote } from '../../platform/terminal/print.js';
import { Progress } from '../../platform/terminal/progress.js';
import { readFlags } from '../../platform/terminal/read-flags.js';
import { type Flags } from '../../platform/terminal/terminal-command.js';
import { counted } from '../../platform/counted.js';
import { type CorpusSource, evaluate } from '../evaluate.js';
import {
  EvaluateQueryDto,
  corpusFilterOf,
  filtersOf,
  judge,
  type JudgedEvaluation,
  samenessOf,
} from '../evaluate-query.js';
import { type Evaluation } from '../evaluation.js';
import { Predictions } from '../predictions.js';
import { JOBS_FILE, readSplitJobs } from '../../training/split-jobs.js';
import { evaluationMarkdown, evaluationText, missedText } from './evaluation-text.js';

@Command({
  name: 'evaluate',
  arguments: '<predictions>',
  argsDescription: {
    predictions:
      'one JSON object a line, with job_id and result, in any order; decompressed if it is a gzip file; - is standard input',
  },
  description: 'Score predictions by the approved samples, beside the scores of the pipeline',
})
export class EvaluateCommand extends FilteringCommand {
  constructor(
    private readonly exports: ExportService,
    private readonly interruption: Interruption,
  ) {
    super();
  }

  protected override examples(): string[] {
    return [
      'ground-truth evaluate predictions.jsonl --worst 20',
      'ground-truth evaluate predictions.jsonl --corpus test.jsonl --markdown >> report.md',
      'ground-truth evaluate predictions.jsonl --dataset sft --split test',
      "ground-truth evaluate predictions.jsonl --fail-under 'f1=0.9,personel[*].nrp:f1=0.95' --bound lower",
    ];
  }

  @Option({
    flags: '--corpus <file>',
    description:
      'score by this corpus (a file, decompressed if it is compressed; a folder with its parts) instead of the database; takes no filters (default: the database)',
  })
  corpus(text: string): string {
    return text;
  }

  @Option({
    flags: '--dataset <folder>',
    description:
      'score by one split of this dataset: its documents, as the corpus has them (default: by all)',
  })
  dataset(text: string): string {
    return text;
  }

  @Option({ flags: '--split <name>', description: 'the split of --dataset (default: test)' })
  split(text: string): string {
    return text;
  }

  @Option({
    flags: '--numbers <how>',
    description: 'compare numbers by value, so that 1.0 is 1, or by their text (default: value)',
  })
  numbers(text: string): string {
    return text;
  }

  @Option({
    flags: '--null <how>',
    description: 'missing: null is as good as no value; value: it is one (default: missing)',
  })
  null(text: string): string {
    return text;
  }

  @Option({
    flags: '--ignore-case',
    name: 'ignore_case',
    description: 'take upper and lower case for the same (default: false)',
  })
  ignoreCase(): string {
    return 'true';
  }

  @Option({
    flags: '--fail-under <scores>',
    name: 'fail_under',
    description:
      'end with exit code 3 if a score is lower: SCORE=NUMBER or PATH:SCORE=NUMBER, with commas between several (default: none)',
  })
  failUnder(text: string): string {
    return text;
  }

  @Option({
    flags: '--bound <what>',
    description:
      'what --fail-under compares: the value, or the lower end of its 95% interval (default: value)',
  })
  bound(text: string): string {
    return text;
  }

  @Option({
    flags: '--worst <n>',
    description: 'list so many of the documents with the lowest F1, 0 to 1000 (default: 0)',
  })
  worst(text: string): string {
    return text;
  }

  @Option({ flags: '--json', description: 'print the same JSON as the HTTP API (default: tables)' })
  json(): boolean {
    return true;
  }

  @Option({ flags: '--markdown', description: 'print the tables in Markdown (default: for a terminal)' })
  markdown(): boolean {
    return true;
  }

  async run(
    [file = '']: string[],
    { corpus, dataset, split, json, markdown, ...flags }: Flags,
  ): Promise<void> {
    const query = readFlags(this, EvaluateQueryDto, flags);
    this.checkUsage(file, { corpus, dataset, split, json, markdown }, query);
    const jobs = await this.jobsOf(dataset as string | undefined, split as string | undefined);
    const evaluation = judge(await this.evaluate(file, corpus as string | undefined, jobs, query), query);
    await print(textOf(evaluation, json === true, markdown === true));
    if (evaluation.missing > 0)
      printNote(
        `${counted(evaluation.missing, 'document has', 'documents have')} no prediction and ${evaluation.missing === 1 ? 'counts' : 'count'} as wrong`,
      );
    if (evaluation.coarse > 0)
      printNote(
        `${counted(evaluation.coarse, 'document is', 'documents are')} too large to match all rows as well as can be`,
      );
    for (const line of evaluation.missed.map(missedText)) printNote(line);
    if (evaluation.missed.length > 0) process.exitCode = ExitCode.NotSound;
  }

  private async evaluate(
    file: string,
    corpus: string | undefined,
    jobs: ReadonlySet<string> | undefined,
    query: EvaluateQueryDto,
  ): Promise<Evaluation> {
    const { signal } = this.interruption;
    const predictions = await Predictions.read((await openInput(file, signal)).blocks);
    const progress = new Progress('Evaluating');
    try {
      const { source, size } = await this.sourceOf(corpus, query);
      progress.start(size === undefined ? undefined : { bytes: size });
      return await evaluate(predictions, source, {
        sameness: samenessOf(query),
        worst: query.worst,
        jobs,
        signal,
        onProgress: (documents, bytes) => {
          progress.update(documents, bytes);
        },
      });
    } finally {
      progress.stop();
      predictions.close();
    }
  }

  private async jobsOf(
    dataset: string | undefined,
    split = 'test',
  ): Promise<ReadonlySet<string> | undefined> {
    if (dataset === undefined) return undefined;
    const file = path.join(dataset, JOBS_FILE);
    return readSplitJobs((await openInput(file, this.interruption.signal)).blocks, file, split);
  }

  private async sourceOf(
    corpus: string | undefined,
    query: EvaluateQueryDto,
  ): Promise<{ source: CorpusSource; size: number | undefined }> {
    const { signal } = this.interruption;
    if (corpus === undefined) {
      const blocks = this.exports.export(corpusFilterOf(query), { signal });
      return { source: { blocks, name: 'the database' }, size: undefined };
    }
    const { blocks, size } = await openCorpus(corpus, signal);
    return { source: { blocks, name: corpus === '-' ? 'standard input' : corpus }, size };
  }

  private checkUsage(
    file: string,
    { corpus, dataset, split, json, markdown }: Flags,
    query: EvaluateQueryDto,
  ): void {
    const [filter] = Object.keys(filtersOf(query));
    if (split !== undefined && dataset === undefined) this.refuse(['--split: give --dataset too']);
    if (dataset === '') this.refuse(['--dataset: "" is not a folder']);
    if (corpus !== undefined && filter !== undefined)
      this.refuse([
        `--corpus: its samples are taken as they are; filter them with export, or leave out --${filter.replaceAll('_', '-')}`,
      ]);
    if (file === '') this.refuse(['predictions: "" is not a file name; use a file name or -']);
    if (corpus === '') this.refuse(['--corpus: "" is not a file name; use a file name or -']);
    if (json === true && markdown === true) this.refuse(['--json and --markdown: give one of them']);
    if (file === '-' && corpus === '-') this.refuse(['--corpus: standard input has the predictions already']);
  }
}

function textOf(evaluation: JudgedEvaluation, isJson: boolean, isMarkdown: boolean): string {
  if (isJson) return `${JSON.stringify(evaluation)}\n`;
  return isMarkdown ? evaluationMarkdown(evaluation) : evaluationText(evaluation);
}
