import { Option } from 'nest-commander';
import { FilteringCommand } from '../../ground-truth/commands/filtering-command.js';
import { type SamplesOptions } from '../../ground-truth/samples.service.js';
import { openCorpus } from '../../corpus-files/commands/open-corpus.js';
import { type Interruption } from '../../platform/terminal/interruption.js';
import { Progress } from '../../platform/terminal/progress.js';
import { type Flags } from '../../platform/terminal/terminal-command.js';
import { type SampleTaker, takeFile } from '../measured-samples.js';

/** A command that measures samples, of the database or of a corpus file. */
export abstract class MeasuringCommand extends FilteringCommand {
  constructor(private readonly interruption: Interruption) {
    super();
  }

  @Option({
    flags: '--corpus <file>',
    description:
      'measure the samples of this corpus (a file, decompressed if it is compressed; a folder with its parts; - is standard input) (default: those of the database)',
  })
  corpus(text: string): string {
    return text;
  }

  @Option({ flags: '--json', description: 'print the same JSON as the HTTP API (default: tables)' })
  json(): boolean {
    return true;
  }

  /** Measures the database. */
  protected async ofDatabase<Report>(measure: (options: SamplesOptions) => Promise<Report>): Promise<Report> {
    const progress = new Progress('Measuring');
    progress.start();
    try {
      return await measure({
        signal: this.interruption.signal,
        onProgress: ({ samples, bytes }) => {
          progress.update(samples, bytes);
        },
      });
    } finally {
      progress.stop();
    }
  }

  /**
   * Gives the samples of a file to a measure. Filters are refused: a file has the samples that it has.
   *
   * @param flags that were given
   * @param accepted those that are no filters, by their names in the DTO
   */
  protected async ofFile(
    file: string,
    measure: SampleTaker,
    flags: Flags,
    accepted: readonly string[],
  ): Promise<void> {
    const filters = Object.keys(flags).filter((name) => !accepted.includes(name));
    if (filters.length > 0)
      this.refuse(
        filters.map(
          (name) =>
            `--${name.replaceAll('_', '-')}: is not accepted with --corpus; select samples when the corpus is exported`,
        ),
      );
    const { blocks, size } = await openCorpus(file, this.interruption.signal);
    const progress = new Progress('Measuring');
    progress.start(size === undefined ? undefined : { bytes: size });
    try {
      await takeFile(blocks, file, measure, (samples, bytes) => {
        progress.update(samples, bytes);
      });
    } finally {
      progress.stop();
    }
  }
}
