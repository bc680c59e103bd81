import { Injectable } from '@nestjs/common';
import {
  BooleanParameter,
  ChoiceParameter,
  CountParameter,
  NumberParameter,
  TextParameter,
} from '../platform/parameters/parameters.js';
import { ParameterError } from '../platform/parameters/read-dto.js';
import { UUID } from '../platform/parameters/uuid.js';
import { formatTimestamp, parseTimestamp, TimestampError } from '../platform/timestamp.js';
import { type JobSummary } from './job-record.js';
import { type Position, type QueueFilter, QueueRepository, SORTS } from './queue.repository.js';

/** Which jobs to list, and in which order. */
export class QueueQueryDto implements QueueFilter {
  @BooleanParameter()
  readonly approved?: boolean;

  @BooleanParameter()
  readonly has_corrections?: boolean;

  @TextParameter()
  readonly source_kind?: string;

  /** One of the review flags. */
  @TextParameter()
  readonly flag?: string;

  /** A part of it, in upper or lower case. */
  @TextParameter()
  readonly filename?: string;

  @NumberParameter(0, 1)
  readonly confidence_lt?: number;

  @ChoiceParameter(SORTS)
  readonly sort: QueueFilter['sort'] = 'created_at';

  @CountParameter(1, 200)
  readonly limit: number = 50;

  /** Where the page before ended. */
  @TextParameter()
  readonly cursor?: string;
}

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
  const [kind, text = '', id = '', ...rest] = Buffer.from(cursor, 'base64url').toString().split(' ');
  const value = kind === sort && UUID.test(id) && rest.length === 0 ? readValue(text, sort) : undefined;
  if (value !== undefined) return { sort, value, id };
  throw new ParameterError([{ field: 'cursor', message: `is not a next_cursor of a list by ${sort}` }]);
}

/** As PostgreSQL reads it; undefined for what no list has ended with. */
function readValue(text: string, sort: Position['sort']): string | undefined {
  if (sort === 'confidence') {
    const confidence = Number(text);
    const isOne =
      String(confidence) === text && (confidence === Infinity || (confidence >= 0 && confidence <= 1));
    return isOne ? text : undefined;
  }
  try {
    return formatTimestamp(parseTimestamp(text));
  } catch (error) {
    if (error instanceof TimestampError) return undefined;
    throw error;
  }
}
