import { Injectable } from '@nestjs/common';
import { ParameterError } from '../../parameters/read-dto.js';
import { parseTimestamp, TimestampError } from '../../timestamp/rfc3339.js';
import { type JobSummary } from '../job-record.js';
import { UUID } from '../uuid.js';
import { type QueueQueryDto } from './queue-query.dto.js';
import { type Position, QueueRepository } from './queue.repository.js';

export interface QueuePage {
  readonly jobs: readonly JobSummary[];
  /** For the page that follows; null after the last one. */
  readonly next_cursor: string | null;
}

/** Lists the jobs that wait for a reviewer, or any others. */
@Injectable()
export class QueueService {
  constructor(private readonly queue: QueueRepository) {}

  /** @throws ParameterError where the cursor is none of this order */
  async list(query: QueueQueryDto): Promise<QueuePage> {
    const after = query.cursor === undefined ? undefined : readCursor(query.cursor, query.sort);
    // One more tells whether there is another page.
    const found = await this.queue.findPage(query, after, query.limit + 1);
    const jobs = found.slice(0, query.limit);
    return { jobs, next_cursor: found.length > jobs.length ? cursorBehind(jobs.at(-1)!, query.sort) : null };
  }
}

function cursorBehind(job: JobSummary, sort: Position['sort']): string {
  const value = sort === 'created_at' ? job.created_at : String(job.confidence ?? Infinity);
  return Buffer.from([sort, value, job.job_id].join(' ')).toString('base64url');
}

function readCursor(cursor: string, sort: Position['sort']): Position {
  const [kind, value = '', id = '', ...rest] = Buffer.from(cursor, 'base64url').toString().split(' ');
  if (kind === sort && UUID.test(id) && rest.length === 0 && isValue(value, sort)) return { sort, value, id };
  throw new ParameterError([{ field: 'cursor', message: `is not a next_cursor of a list by ${sort}` }]);
}

function isValue(value: string, sort: Position['sort']): boolean {
  if (sort === 'confidence') return value !== '' && !Number.isNaN(Number(value));
  try {
    parseTimestamp(value);
    return true;
  } catch (error) {
    if (error instanceof TimestampError) return false;
    throw error;
  }
}
