import { Command, Option } from 'nest-commander';
import { Interruption } from '../../platform/terminal/interruption.js';
import { print } from '../../platform/terminal/print.js';
import { readFlags } from '../../platform/terminal/read-flags.js';
import { type Flags } from '../../platform/terminal/terminal-command.js';
import { type Coverage, coverageJson, CoverageMeasure } from '../coverage.js';
import { coverageOptions, CoverageQueryDto, DEFAULT_BUCKETS, DEFAULT_PER } from '../coverage-query.js';
import { MeasureService } from '../measure.service.js';
import { coverageText } from './coverage-text.js';
import { MeasuringCommand } from './measuring-command.js';

@Command({
  name: 'coverage',
  description:
    'Count approved samples of each kind against how many it takes, say when there will be enough, and whether a gain could be seen',
})
export class CoverageCommand extends MeasuringCommand {
  constructor(
    private readonly service: MeasureService,
    interruption: Interruption,
  ) {
    super(interruption);
  }

  protected override examples(): string[] {
    return [
      'ground-truth coverage',
      "ground-truth coverage --bucket 'table=personel[*]:1000,notes=personel[*].keterangan:300' --per header.satuan:50",
      'ground-truth coverage --gain 0.01 --json | jq .gain',
      'ground-truth coverage --corpus corpus.jsonl --as-of 2025-06-30',
    ];
  }

  @Option({
    flags: '--bucket <buckets>',
    description: `kinds of documents, by a field that they have: name=path:number, with commas between them (default: ${DEFAULT_BUCKETS}, unless --per is given)`,
  })
  bucket(text: string): string {
    return text;
  }

  @Option({
    flags: '--per <fields>',
    description: `fields of which each value needs so many documents: path:number, with commas between them (default: ${DEFAULT_PER}, unless --bucket is given)`,
  })
  per(text: string): string {
    return text;
  }

  @Option({
    flags: '--gain <share>',
    description: 'the gain of an error rate that should be seen, as a share (default: 0.02)',
  })
  gain(text: string): string {
    return text;
  }

  @Option({
    flags: '--as-of <time>',
    name: 'as_of',
    description: 'the end of the 28 days whose pace counts: RFC 3339, or a date (default: now)',
  })
  asOf(text: string): string {
    return text;
  }

  async run(_: string[], { json, corpus, ...flags }: Flags): Promise<void> {
    const query = readFlags(this, CoverageQueryDto, flags);
    const coverage =
      typeof corpus === 'string'
        ? await this.coverageOf(corpus, query, flags)
        : await this.ofDatabase((options) => this.service.coverage(query, options));
    await print(json === true ? `${coverageJson(coverage)}\n` : coverageText(coverage));
  }

  private async coverageOf(file: string, query: CoverageQueryDto, flags: Flags): Promise<Coverage> {
    const measure = new CoverageMeasure(coverageOptions(query));
    await this.ofFile(file, measure, flags, ['bucket', 'per', 'gain', 'as_of']);
    return measure.report();
  }
}
