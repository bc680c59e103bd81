import { IsIn } from 'class-validator';
import { BooleanParameter } from '../parameters/parameters.js';
import { type OnConflict } from './import/staging.repository.js';

/** How to import. */
export class ImportOptionsDto {
  @IsIn(['fail', 'skip', 'replace'], {
    message: ({ value }: { value: unknown }) => `${JSON.stringify(value)} is not fail, skip or replace`,
  })
  readonly on_conflict: OnConflict = 'fail';

  @BooleanParameter()
  readonly accept_diverged: boolean = false;
}
