import { Injectable } from '@nestjs/common';
import {
  Before,
  Below,
  BooleanParameter,
  ChoiceParameter,
  CountParameter,
  NumberParameter,
  TextParameter,
  TextThat,
  TimeParameter,
} from '../platform/parameters/parameters.js';
import { ParameterError } from '../platform/parameters/read-dto.js';
import { ACCEPTED_PRODUCERS, isProducerFilter } from '../platform/database/producer-filter.js';
import { type ReadLimits } from '../platform/database/ground-truth-data-source.js';
import { UUID } from '../platform/uuid.js';
import { formatTimestamp, tryParseTimestamp } from '../platform/timestamp.js';
import { type JobSummary } from './job-record.js';
import { type Position, type QueueFilter, QueueRepository, SORTS, type Total } from './queue.repository.js';

/** Query parameters that select and order jobs. */
class JobSelectionDto implements QueueFilter {
  /** Of the last change, as for an export. */
  @TimeParameter()
  @Before('until')
  readonly since?: bigint;

  @TimeParameter()
  readonly until?: bigint;

  @BooleanParameter()
  readonly has_corrections?: boolean;

  @TextParameter()
  readonly external_id?: string;

  @TextParameter()
  readonly source_kind?: string;

  /** Among the review flags. */
  @TextParameter()
  readonly flag?: string;

  /** Not among the review flags. */
  @TextParameter()
  readonly not_flag?: string;

  /** A part of the filename, whatever the case of its letters and however they are composed. */
  @TextParameter()
  readonly filename?: string;

  @TextParameter()
  readonly reviewed_by?: string;

  @NumberParameter(0, 1)
  @Below('confidence_lt')
  readonly confidence_gte?: number;

  @NumberParameter(0, 1)
  readonly confidence_lt?: number;

  /** Some field of the pipeline's own result has a confidence below this. */
  @NumberParameter(0, 1)
  readonly field_confidence_lt?: number;

  @TextThat(isProducerFilter, ACCEPTED_PRODUCERS)
  readonly producer?: string;

  @ChoiceParameter(SORTS)
  readonly sort: QueueFilter['sort'] = 'created_at';
}

/** Query parameters of the list of jobs. */
export class QueueQueryDto extends JobSelectionDto {
  @BooleanParameter()
  readonly approved?: boolean;

  @CountParameter(1, 200)
  readonly limit: number = 50;

  /** `next_cursor` of the previous page. */
  @TextParameter()
  readonly cursor?: string;
}

/** Query parameters of the next job. It is an open one, whatever they are. */
export class NextJobQueryDto extends JobSelectionDto {
  @TextThat((text) => /^(false|0)$/i.test(text), 'false, and approved jobs are never handed out')
  readonly approved?: never;
}

export interface QueuePage {
  readonly jobs: readonly JobSummary[];
  /** The cursor of the next page; null on the last page. */
  readonly next_cursor: string | null;
  /** Of all pages; null on all but the first, since it costs more than a page. */
  readonly total: Total | null;
}

/** Lists jobs, such as the review queue. */
@Injectable()
export class QueueService {
  constructor(private readonly queue: QueueRepository) {}

  /** @throws ParameterError if the cursor does not belong to this sort order */
  async list(query: QueueQueryDto, limits?: ReadLimits): Promise<QueuePage> {
    const after = query.cursor === undefined ? undefined : readCursor(query.cursor, query.sort);
    // Read one job more to learn whether there is another page.
    const { jobs: found, total } = await this.queue.findPage(query, after, query.limit + 1, !after, limits);
    const jobs = found.slice(0, query.limit);
    const next_cursor = found.length > jobs.length ? cursorBehind(jobs.at(-1)!, query.sort) : null;
    return { jobs, next_cursor, total };
  }
}

function cursorBehind(job: JobSummary, sort: Position['sort']): string {
  const byTime = sort === 'created_at' || (sort === 'lowest_field_confidence' && job[sort] === null);
  const value = byTime ? job.created_at : String(job[sort] ?? Infinity);
  return Buffer.from([sort, value, job.job_id].join(' ')).toString('base64url');
}

function readCursor(cursor: string, sort: Position['sort']): Position {
  const [kind, text = '', id = '', ...rest] = Buffer.from(cursor, 'base64url').toString().split(' ');
  if (kind === sort && UUID.test(id) && rest.length === 0) {
    const confidence = sort === 'created_at' ? undefined : readConfidence(text, sort === 'confidence');
    if (confidence !== undefined) return { sort, value: confidence, type: 'double precision', id };
    const time = sort === 'confidence' ? undefined : readTime(text);
    if (time !== undefined) return { sort, value: time, type: 'timestamptz', id };
  }
  throw new ParameterError([
    { field: 'cursor', message: `is not a next_cursor of a list sorted by ${sort}` },
  ]);
}

/** @returns undefined if it is none */
function readConfidence(text: string, mayLack: boolean): string | undefined {
  const confidence = Number(text);
  const isOne = (mayLack && confidence === Infinity) || (confidence >= 0 && confidence <= 1);
  return isOne && String(confidence) === text ? text : undefined;
}

/** Returns the time as PostgreSQL reads it; undefined if it is none. */
function readTime(text: string): string | undefined {
  const time = tryParseTimestamp(text);
  return time === undefined ? undefined : formatTimestamp(time);
}
