import {
  Before,
  BooleanParameter,
  CountParameter,
  TimeParameter,
} from '../platform/parameters/parameters.js';

/** Which samples a corpus has. Times are microseconds since the Unix epoch. */
export interface CorpusFilter {
  readonly approved_only: boolean;
  readonly since?: bigint;
  readonly until?: bigint;
  readonly has_corrections?: boolean;
  readonly limit?: number;
}

/** Adds what only the program selects by; it is no parameter. */
export interface JobFilter extends CorpusFilter {
  /** A UUID: only that job. */
  readonly id?: string;
}

/** Which samples to export: the query parameters, and the flags with dashes for underscores. */
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
}
