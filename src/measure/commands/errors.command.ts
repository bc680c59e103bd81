import { Command, Option } from 'nest-commander';
import { ExitCode } from '../../platform/terminal/failure.js';
import { Interruption } from '../../platform/terminal/interruption.js';
import { print, printNote } from '../../platform/terminal/print.js';
import { readFlags } from '../../platform/terminal/read-flags.js';
import { type Flags } from '../../platform/terminal/terminal-command.js';
import { type Errors, ErrorsMeasure } from '../errors.js';
import { errorsJson } from '../errors-json.js';
import { ErrorsQueryDto } from '../errors-query.js';
import { MeasureService } from '../measure.service.js';
import { errorsText } from './errors-text.js';
import { MeasuringCommand } from './measuring-command.js';

@Command({
  name: 'errors',
  description:
    'Measure what pipelines get wrong, by field, on approved samples: rates with their 95% intervals, and whether confidences mean what they say',
})
export class ErrorsCommand extends MeasuringCommand {
  constructor(
    private readonly service: MeasureService,
    interruption: Interruption,
  ) {
    super(interruption);
  }

  protected override examples(): string[] {
    return [
      'ground-truth errors',
      'ground-truth errors --by producer --since 2025-06-01',
      'ground-truth errors --calibration --max-error 0.02 --json | jq .calibration.fields.all.threshold',
      'ground-truth errors --corpus corpus.jsonl',
    ];
  }

  @Option({
    flags: '--by <what>',
    description:
      'also by producer, source_kind, reviewer or month (of created_at), or by the values of a field, such as header.satuan (default: none)',
  })
  by(text: string): string {
    return text;
  }

  @Option({
    flags: '--calibration',
    description: 'also compare confidences with what was right (default: not)',
  })
  calibration(): boolean {
    return true;
  }

  @Option({
    flags: '--max-error <share>',
    name: 'max_error',
    description:
      'with --calibration: the share of errors to accept among what passes without a review (default: 0.01)',
  })
  maxError(text: string): string {
    return text;
  }

  async run(_: string[], { json, corpus, ...flags }: Flags): Promise<void> {
    const query = readFlags(this, ErrorsQueryDto, flags);
    const errors =
      typeof corpus === 'string'
        ? await this.errorsOf(corpus, query, flags)
        : await this.ofDatabase((options) => this.service.errors(query, options));
    await print(json === true ? `${errorsJson(errors)}\n` : errorsText(errors));
    if (errors.jobs.measured > 0) return;
    printNote('ground-truth: there is nothing to measure: no approved sample whose trail leads back exactly');
    process.exitCode = ExitCode.NotSound;
  }

  private async errorsOf(file: string, query: ErrorsQueryDto, flags: Flags): Promise<Errors> {
    const measure = new ErrorsMeasure(query);
    await this.ofFile(file, measure, flags, ['by', 'calibration', 'max_error']);
    return measure.report();
  }
}
