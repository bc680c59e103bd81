import {
  Before,
  Below,
  BooleanParameter,
  CountParameter,
  ListParameter,
  NumberParameter,
  TextParameter,
  TextThat,
  TimeParameter,
} from '../platform/parameters/parameters.js';
import { ACCEPTED_PRODUCERS, isProducerFilter } from '../platform/database/producer-filter.js';
import { type Include, INCLUDES } from './evidence-sql.js';
import { type KeyRange } from './key-range.js';

/** Selects samples. Times are microseconds since the Unix epoch. */
export interface SampleFilter {
  readonly approved_only: boolean;
  /** The last change is at or after this time. */
  readonly since?: bigint;
  /** The last change is before this time. */
  readonly until?: bigint;
  readonly has_corrections?: boolean;
  readonly source_kind?: string;
  /** Among the review flags. */
  readonly flag?: string;
  readonly reviewed_by?: string;
  /** See `hasProducer`. */
  readonly producer?: string;
  /** A sample without a confidence matches neither of the two. */
  readonly confidence_gte?: number;
  readonly confidence_lt?: number;
}

/** What a corpus is made of. */
export interface CorpusFilter extends SampleFilter {
  /** The first of them in corpus order. */
  readonly limit?: number;
  /** Further members of each sample, in the order of INCLUDES. */
  readonly include?: ReadonlySet<Include>;
}

/** Adds a condition that is not a public parameter. */
export interface JobFilter extends CorpusFilter {
  /** Only the job with this UUID. */
  readonly id?: string;
  /** Only jobs in this range of the corpus. */
  readonly range?: KeyRange;
}

/** Query parameters and, with dashes for underscores, command flags that select samples. */
export class SampleFilterDto implements Omit<SampleFilter, 'approved_only'> {
  @TimeParameter()
  @Before('until')
  readonly since?: bigint;

  @TimeParameter()
  readonly until?: bigint;

  @BooleanParameter()
  readonly has_corrections?: boolean;

  @TextParameter()
  readonly source_kind?: string;

  @TextParameter()
  readonly flag?: string;

  @TextParameter()
  readonly reviewed_by?: string;

  @TextThat(isProducerFilter, ACCEPTED_PRODUCERS)
  readonly producer?: string;

  @NumberParameter(0, 1)
  @Below('confidence_lt')
  readonly confidence_gte?: number;

  @NumberParameter(0, 1)
  readonly confidence_lt?: number;
}

/** Query parameters and flags of an export. */
export class ExportFilterDto extends SampleFilterDto implements CorpusFilter {
  @BooleanParameter()
  readonly approved_only: boolean = true;

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
