import { type CorpusFilter } from '../corpus-filter.js';
import { Before, BooleanParameter, CountParameter, TimeParameter } from '../../parameters/parameters.js';

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
