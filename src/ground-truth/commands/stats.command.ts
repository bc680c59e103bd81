import { Command, Option } from 'nest-commander';
import { Interruption } from '../../platform/terminal/interruption.js';
import { print } from '../../platform/terminal/print.js';
import { readFlags } from '../../platform/terminal/read-flags.js';
import { type Flags } from '../../platform/terminal/terminal-command.js';
import { statisticsJson, StatisticsQueryDto } from '../statistics-query.js';
import { ExportService } from '../export.service.js';
import { FilteringCommand } from './filtering-command.js';
import { statisticsText } from './report-text.js';

@Command({
  name: 'stats',
  description: 'Count jobs and corrections, and list the most corrected fields',
})
export class StatsCommand extends FilteringCommand {
  constructor(
    private readonly exports: ExportService,
    private readonly interruption: Interruption,
  ) {
    super();
  }

  protected override examples(): string[] {
    return [
      'ground-truth stats --top-n 20 --collapse-indices',
      'ground-truth stats --source-kind pdf --confidence-lt 0.8',
      'ground-truth stats --weeks 12',
      'ground-truth stats --json | jq .total_jobs',
    ];
  }

  @Option({
    flags: '--top-n <n>',
    name: 'top_n',
    description: 'how many of the most corrected fields to list, 1 to 1000 (default: 10)',
  })
  topN(text: string): string {
    return text;
  }

  @Option({
    flags: '--collapse-indices',
    name: 'collapse_indices',
    description:
      'count personel[0].nrp and personel[7].nrp as personel[*].nrp (default: count each separately)',
  })
  collapseIndices(): boolean {
    return true;
  }

  @Option({
    flags: '--weeks <n>',
    description:
      'count corrections and approvals in that many weeks, up to the last one with any, 0 to 1000 (default: 0)',
  })
  weeks(text: string): string {
    return text;
  }

  @Option({
    flags: '--approved-only <boolean>',
    name: 'approved_only',
    description: 'true: count only approved samples; false: all samples (default: false)',
  })
  approvedOnly(text: string): string {
    return text;
  }

  @Option({ flags: '--json', description: 'print the same JSON as the HTTP API (default: a table)' })
  json(): boolean {
    return true;
  }

  async run(_: string[], { json, ...flags }: Flags): Promise<void> {
    const query = readFlags(this, StatisticsQueryDto, flags);
    const statistics = await this.exports.statistics(query, { signal: this.interruption.signal });
    await print(json === true ? `${statisticsJson(statistics)}\n` : statisticsText(statistics));
  }
}
