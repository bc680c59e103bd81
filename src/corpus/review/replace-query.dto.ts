import { BooleanParameter } from '../../parameters/parameters.js';

/** How to take a whole corrected document. */
export class ReplaceQueryDto {
  @BooleanParameter()
  readonly dry_run: boolean = false;
}
