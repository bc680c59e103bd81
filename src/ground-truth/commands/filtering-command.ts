import { Option } from 'nest-commander';
import { INCLUDES } from '../evidence-sql.js';
import { TerminalCommand } from '../../platform/terminal/terminal-command.js';

/** Flags that the feed has, too. */
export const HAS_CORRECTIONS = {
  flags: '--has-corrections <boolean>',
  name: 'has_corrections',
  description: 'true: only samples with corrections; false: only samples without (default: both)',
} as const;

export const INCLUDE = {
  flags: '--include <members>',
  description: `further members of each sample: all, or one or more of ${INCLUDES.join(', ')}, with commas between them (default: none)`,
} as const;

/** A flag of what reads a corpus from its beginning. */
export const LIMIT = {
  flags: '--limit <n>',
  description: 'at most this many samples, the first in corpus order (default: all)',
} as const;

/** A command with the flags of `SampleFilterDto`. */
export abstract class FilteringCommand extends TerminalCommand {
  @Option({
    flags: '--since <time>',
    description:
      'only samples last changed at or after this time: RFC 3339, or a date, which means midnight UTC (default: none)',
  })
  since(text: string): string {
    return text;
  }

  @Option({
    flags: '--until <time>',
    description: 'only samples last changed before this time (default: none)',
  })
  until(text: string): string {
    return text;
  }

  @Option(HAS_CORRECTIONS)
  hasCorrections(text: string): string {
    return text;
  }

  @Option({
    flags: '--source-kind <kind>',
    name: 'source_kind',
    description: 'only samples of this kind of source, exactly (default: all)',
  })
  sourceKind(text: string): string {
    return text;
  }

  @Option({ flags: '--flag <flag>', description: 'only samples that have this review flag (default: all)' })
  flag(text: string): string {
    return text;
  }

  @Option({
    flags: '--reviewed-by <name>',
    name: 'reviewed_by',
    description: 'only samples that this reviewer approved or reopened last (default: all)',
  })
  reviewedBy(text: string): string {
    return text;
  }

  @Option({
    flags: '--producer <producer>',
    description:
      'only samples made by this producer: its SHA-256 digest, or member=value, such as model=layout-3 (default: all)',
  })
  producer(text: string): string {
    return text;
  }

  @Option({
    flags: '--confidence-gte <number>',
    name: 'confidence_gte',
    description: 'only samples with at least this confidence, 0 to 1; none without one (default: all)',
  })
  confidenceGte(text: string): string {
    return text;
  }

  @Option({
    flags: '--confidence-lt <number>',
    name: 'confidence_lt',
    description: 'only samples with a lower confidence, 0 to 1; none without one (default: all)',
  })
  confidenceLt(text: string): string {
    return text;
  }
}
