import { escapeLiteral } from 'pg';
import { formatTimestamp } from '../platform/timestamp.js';
import { type JobFilter } from './corpus-filter.js';
import { type EvidenceSql, OWN_EVIDENCE } from './evidence-sql.js';
import { type Key, type KeyRange } from './key-range.js';
import { selectSampleWith, selectSampleWithDigest } from './sample-schema.js';

/**
 * Selects all matching samples in corpus order, each with its trail. SQL, for speed: see docs/decisions/0002. The trail is an
 * array of records in its job's row, so no two results have to be merged.
 *
 * With a window, a subquery finds and sorts the keys before any document is read: usually few jobs match, and sorting whole
 * rows would move their documents too. `settingsFor` makes the planner do so.
 */
export function corpusQuery(filter: JobFilter, evidence: EvidenceSql = OWN_EVIDENCE): string {
  return selectJobs(selectSampleWith(filter.include ?? new Set(), evidence), filter, evidence);
}

/** Like `corpusQuery`, with the digest of each original result. */
export function verificationQuery(filter: JobFilter, evidence: EvidenceSql = OWN_EVIDENCE): string {
  return selectJobs(selectSampleWithDigest(evidence), filter, evidence);
}

function selectJobs(fields: string, filter: JobFilter, evidence: EvidenceSql): string {
  return isWindow(filter)
    ? `select ${fields}
       from (select id, created_at from jobs as job ${where(filter, evidence)} ${orderAndLimit(filter)}) as key
       join jobs as job on job.id = key.id
       order by key.created_at, key.id`
    : `select ${fields} from jobs as job ${where(filter, evidence)} ${orderAndLimit(filter)}`;
}

/** The slices of the contents to which the sources of all matching jobs refer, or of all contents, one after the other: see ContentField. */
export function contentsQuery(filter?: JobFilter): string {
  const jobs = filter && `select id from jobs as job ${where(filter)} ${orderAndLimit(filter)}`;
  return `
    select contents.sha256, media_type, bytes
    from contents left join content_slices as slice on content_id = contents.id
    ${jobs === undefined ? '' : `where contents.id in (select content_id from job_sources where job_id in (${jobs}))`}
    order by contents.id, slice`;
}

/** Indices of fields in a row of `contentsQuery`. */
export const ContentField = { Sha256: 0, MediaType: 1, Bytes: 2 } as const;
export const CONTENT_FIELD_COUNT = 3;

/** The id of the job after the first `rows` of `corpusQuery`. */
export function keysQuery(filter: JobFilter, rows: number, evidence: EvidenceSql = OWN_EVIDENCE): string {
  return `select id from (${selectJobs('job.id', filter, evidence)}) as job offset ${rows} limit 1`;
}

/** Counts the samples of `corpusQuery`. */
export function countQuery(filter: JobFilter, evidence: EvidenceSql = OWN_EVIDENCE): string {
  const { limit } = filter;
  const counted = `select from jobs as job ${where(filter, evidence)} ${limit === undefined ? '' : `limit ${limit}`}`;
  return `select count(*) as samples from (${counted}) as matching`;
}

/**
 * Settings for a `corpusQuery` that make the first row arrive at once. JIT compilation and parallel workers would delay it.
 * Without a window, so would a sort, and an index has the order already. With a window, a nested loop reads only the documents
 * that match; a hash or merge join would read all of them and lose the order.
 */
export function settingsFor(filter: JobFilter): string {
  return withoutPlans(...(isWindow(filter) ? ['enable_hashjoin', 'enable_mergejoin'] : ['enable_sort']));
}

/** Settings that forbid plans, and parallel workers and JIT compilation, which would delay the first row. */
export function withoutPlans(...plans: string[]): string {
  return [
    'set local max_parallel_workers_per_gather = 0',
    ...['jit', ...plans].map((setting) => `set local ${setting} = off`),
  ].join('; ');
}

/**
 * Settings for external relations. Their indexes are unknown, so the planner chooses the plan. `extra_float_digits` makes a
 * `real` keep its exact value.
 */
export const EXTERNAL_SETTINGS = 'set local jit = off; set local extra_float_digits = 1';

/** Whether the filter selects by last change. */
export function isWindow({ since, until }: JobFilter): boolean {
  return since !== undefined || until !== undefined;
}

function orderAndLimit({ id, limit }: JobFilter): string {
  // One job needs no order; with an ORDER BY, the planner might scan the index on that order.
  if (id !== undefined) return '';
  return `order by job.created_at, job.id ${limit === undefined ? '' : `limit ${limit}`}`;
}

/**
 * The WHERE clause for `jobs as job`; empty if all match. COPY takes no bind parameters, so validated values are written into the
 * statement, quoted by the driver.
 */
export function where(filter: Partial<JobFilter>, evidence: EvidenceSql = OWN_EVIDENCE): string {
  const conditions = conditionsOf(filter, evidence);
  return conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
}

/** The conditions of `where`, all of which must hold. */
export function conditionsOf(filter: Partial<JobFilter>, evidence: EvidenceSql): string[] {
  const conditions: string[] = [];
  const hasTrail = 'exists (select from job_corrections where job_id = job.id)';
  if (filter.id !== undefined) conditions.push(`job.id = ${escapeLiteral(filter.id)}::uuid`);
  if (filter.range) conditions.push(...rangeConditions(filter.range));
  if (filter.approved_only === true) conditions.push('job.approved');
  if (filter.since !== undefined) conditions.push(`job.updated_at >= ${timestamp(filter.since)}`);
  if (filter.until !== undefined) conditions.push(`job.updated_at < ${timestamp(filter.until)}`);
  if (filter.has_corrections !== undefined)
    conditions.push(filter.has_corrections ? hasTrail : `not ${hasTrail}`);
  const { source_kind, flag, reviewed_by, producer, confidence_gte, confidence_lt } = filter;
  if (source_kind !== undefined) conditions.push(`job.source_kind = ${escapeLiteral(source_kind)}`);
  if (flag !== undefined) conditions.push(`${escapeLiteral(flag)} = any (job.review_flags)`);
  if (reviewed_by !== undefined) conditions.push(`job.reviewed_by = ${escapeLiteral(reviewed_by)}`);
  if (producer !== undefined) conditions.push(evidence.hasProducer(producer));
  if (confidence_gte !== undefined) conditions.push(`job.confidence >= ${double(confidence_gte)}`);
  if (confidence_lt !== undefined) conditions.push(`job.confidence < ${double(confidence_lt)}`);
  return conditions;
}

/** In the form that the index on `(created_at, id)` serves. */
function rangeConditions({ after, to }: KeyRange): string[] {
  const key = '(job.created_at, job.id)';
  return [...(after ? [`${key} > ${keySql(after)}`] : []), ...(to ? [`${key} <= ${keySql(to)}`] : [])];
}

function keySql({ created_at, job_id }: Key): string {
  return `(${escapeLiteral(created_at)}::timestamptz, ${escapeLiteral(job_id)}::uuid)`;
}

function double(value: number): string {
  return `${escapeLiteral(String(value))}::double precision`;
}

function timestamp(instant: bigint): string {
  return `${escapeLiteral(formatTimestamp(instant))}::timestamptz`;
}
