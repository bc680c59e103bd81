import { type Env } from '../config/env.js';
import { Failure } from './failure.js';

/**
 * For the start of a command that changes the database, before it does anything.
 *
 * @throws Failure where the database is somebody else's
 */
export function refuseToWrite(command: string, env: Env): void {
  if (env.isReadOnly)
    throw new Failure(
      `${command} changes the database, which is only read where GROUND_TRUTH_JOBS_RELATION is set; unset that and GROUND_TRUTH_CORRECTIONS_RELATION to ${command} in a database of your own`,
    );
}
