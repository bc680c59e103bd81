import { escapeLiteral } from 'pg';
import { formatTimestamp } from '../platform/timestamp.js';
import { type JobFilter } from './corpus-filter.js';
import { SELECT_SAMPLE, SELECT_SAMPLE_WITH_DIGEST } from './sample-schema.js';

/**
 * All samples that match, in corpus order, each with its trail: one statement, so one snapshot. As a record array the
 * trail comes with its job, and nothing has to be merged or held back.
 *
 * With a window, the keys are found and sorted before any document is read: few of many jobs match, and sorting whole rows
 * would move their documents too. `settingsFor` keeps the planner to it.
 */
export function corpusQuery(filter: JobFilter): string {
  return selectJobs(SELECT_SAMPLE, filter);
}

/** The same samples in the same order, each with the digest of its original. */
export function verificationQuery(filter: JobFilter): string {
  return selectJobs(SELECT_SAMPLE_WITH_DIGEST, filter);
}

function selectJobs(fields: string, filter: JobFilter): string {
  return isWindow(filter)
    ? `select ${fields}
       from (select id, created_at from jobs as job ${where(filter)} ${orderAndLimit(filter)}) as key
       join jobs as job on job.id = key.id
       order by key.created_at, key.id`
    : `select ${fields} from jobs as job ${where(filter)} ${orderAndLimit(filter)}`;
}

/** How many samples `corpusQuery` gives. */
export function countQuery(filter: JobFilter): string {
  const { limit } = filter;
  const counted = `select from jobs as job ${where(filter)} ${limit === undefined ? '' : `limit ${limit}`}`;
  return `select count(*) as samples from (${counted}) as matching`;
}

/**
 * What the transaction of a `corpusQuery` sets, for the first row to come at once: compiling and parallel workers would
 * come before it. Without a window, so would sorting, where the index has the order already; with one, each key looks up
 * its document, since joining by hash or merge would read all documents and lose the order.
 */
export function settingsFor(filter: JobFilter): string {
  const settings = ['jit', ...(isWindow(filter) ? ['enable_hashjoin', 'enable_mergejoin'] : ['enable_sort'])];
  return [
    'set local max_parallel_workers_per_gather = 0',
    ...settings.map((setting) => `set local ${setting} = off`),
  ].join('; ');
}

/**
 * The same for external relations. Nothing is known of their indexes, so the planner is left its choice of
 * plans. A `real` is written with all the digits that mean it.
 */
export const EXTERNAL_SETTINGS = 'set local jit = off; set local extra_float_digits = 1';

/** Whether samples are selected by their last change. */
export function isWindow({ since, until }: JobFilter): boolean {
  return since !== undefined || until !== undefined;
}

function orderAndLimit({ id, limit }: JobFilter): string {
  // One job needs no order, and asking for one would send the planner along the index that has it.
  if (id !== undefined) return '';
  return `order by job.created_at, job.id ${limit === undefined ? '' : `limit ${limit}`}`;
}

/** COPY takes no bind parameters: validated values go in, times quoted by the driver. */
function where(filter: JobFilter): string {
  const conditions: string[] = [];
  const hasTrail = 'exists (select from job_corrections where job_id = job.id)';
  if (filter.id !== undefined) conditions.push(`job.id = ${escapeLiteral(filter.id)}::uuid`);
  if (filter.approved_only) conditions.push('job.approved');
  if (filter.since !== undefined) conditions.push(`job.updated_at >= ${timestamp(filter.since)}`);
  if (filter.until !== undefined) conditions.push(`job.updated_at < ${timestamp(filter.until)}`);
  if (filter.has_corrections !== undefined)
    conditions.push(filter.has_corrections ? hasTrail : `not ${hasTrail}`);
  return conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
}

function timestamp(instant: bigint): string {
  return `${escapeLiteral(formatTimestamp(instant))}::timestamptz`;
}
