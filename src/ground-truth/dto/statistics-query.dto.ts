import { type StatisticsOptions } from '../statistics-query.js';
import { BooleanParameter, CountParameter } from '../../parameters/parameters.js';

/** How to list the most corrected fields. */
export class StatisticsQueryDto implements StatisticsOptions {
  @CountParameter(1, 1_000)
  readonly top_n: number = 10;

  @BooleanParameter()
  readonly collapse_indices: boolean = false;
}
