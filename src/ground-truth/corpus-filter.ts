import {
  Before,
  BooleanParameter,
  CountParameter,
  ListParameter,
  TimeParameter,
} from '../platform/parameters/parameters.js';
import { type Include, INCLUDES } from './sample-schema.js';

/** Selects the samples of a corpus. Times are microseconds since the Unix epoch. */
export interface CorpusFilter {
  readonly approved_only: boolean;
  readonly since?: bigint;
  readonly until?: bigint;
  readonly has_corrections?: boolean;
  readonly limit?: number;
  /** Further members of each sample, in the order of INCLUDES. */
  readonly include?: ReadonlySet<Include>;
}

/** Adds a condition that is not a public parameter. */
export interface JobFilter extends CorpusFilter {
  /** Only the job with this UUID. */
  readonly id?: string;
}

/** Query parameters and, with dashes for underscores, command flags that select samples. */
export class ExportFilterDto implements CorpusFilter {
  @BooleanParameter()
  readonly approved_only: boolean = true;

  @TimeParameter()
  @Before('until')
  readonly since?: bigint;

  @TimeParameter()
  readonly until?: bigint;

  @BooleanParameter()
  readonly has_corrections?: boolean;

  @CountParameter(1, Infinity)
  readonly limit?: number;

  @ListParameter(INCLUDES)
  readonly include?: ReadonlySet<Include>;
}

/** Query parameters of one sample. */
export class SampleQueryDto {
  @ListParameter(INCLUDES)
  readonly include?: ReadonlySet<Include>;
}
