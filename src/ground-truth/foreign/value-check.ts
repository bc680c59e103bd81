import { ForeignDatabaseError } from '../../database/foreign/foreign-database-error.js';
import { POSTGRES_EPOCH, uuidAt } from '../../database/postgres-binary.js';
import { compact } from '../../json-text/compact.js';
import { JsonTextError } from '../../json-text/json-text-error.js';
import { isWritable } from '../../timestamp/rfc3339.js';

/** Checks the values of a relation, row by row. A fault names the relation, the column and the job, and no value. */
export class ValueCheck {
  private bytes: Buffer = Buffer.alloc(0);
  private idStart = 0;

  constructor(
    private readonly relation: string,
    private readonly row: 'job' | 'a correction of job',
  ) {}

  /** What follows is of the job whose id stands there. */
  ofJob(bytes: Buffer, idStart: number): void {
    this.bytes = bytes;
    this.idStart = idStart;
  }

  /** @throws ForeignDatabaseError */
  refuse(column: string, reason: string): never {
    const jobId = uuidAt(this.bytes, this.idStart);
    throw new ForeignDatabaseError(`${this.relation}: column ${column} of ${this.row} ${jobId} ${reason}`);
  }

  /** A timestamp's eight bytes; infinity is out of range too. */
  time(column: string, start: number): void {
    if (!isWritable(this.bytes.readBigInt64BE(start) + POSTGRES_EPOCH))
      this.refuse(column, 'is not within the years 1 to 9999');
  }

  /** The value as our doors would have written it. */
  json(column: string, start: number, end: number): Buffer {
    try {
      return compact(this.bytes.subarray(start, end));
    } catch (error) {
      if (error instanceof JsonTextError) this.refuse(column, `is ${error.reason}`);
      throw error;
    }
  }
}
