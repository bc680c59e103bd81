import { escapeLiteral } from 'pg';
import { timeText } from '../platform/database/entities/columns.js';
import {
  fieldsText,
  jsonText,
  producerText,
  sourcesText,
} from '../platform/database/entities/evidence-text.js';
import { hasProducer } from '../platform/database/producer-filter.js';

/** Members that a sample has only if they are asked for, in the order in which they follow `confidence`. */
export const INCLUDES = ['external_id', 'producer', 'sources', 'fields', 'history'] as const;
export type Include = (typeof INCLUDES)[number];

/** How what belongs to a job is read: from our own tables, or from external relations. For `jobs as job`. */
export interface EvidenceSql {
  /** Makes one value of the columns of a correction, with the bytes of a record in COPY's binary format. */
  readonly record: (columns: string) => string;
  /** The SQL of the members that there are: JSON text, as the line has it. */
  readonly included: Readonly<Partial<Record<Include, string>>>;
  /** A condition: see `hasProducer`. */
  readonly hasProducer: (text: string) => string;
  /**
   * Counts jobs and corrections by producer: `producer` as text, `jobs`, `corrections`. Those with most jobs, ties by digest, at
   * least $1 of them.
   *
   * @param ofThem a condition on `job_id`, with `where`, or empty
   */
  readonly producers: (ofThem: string) => string;
}

const HISTORY = `coalesce((
  select '[' || string_agg(
    format(
      '{"event":"%s","by":%s,"at":"%s"%s}',
      event, to_json(reviewed_by), ${timeText('reviewed_at')},
      case event
        when 'flagged' then format(',"add":%s,"remove":%s', to_json(added), to_json(removed))
        when 'confirmed' then format(',"field_paths":%s', to_json(field_paths))
      end
    ),
    ',' order by reviewed_at, id
  ) || ']'
  from job_events where job_id = job.id
), '[]')`;

export const CORRECTIONS_BY_JOB = 'select job_id, count(*) as count from job_corrections group by job_id';

export const OWN_EVIDENCE: EvidenceSql = {
  record: (columns) => `row(${columns})`,
  included: {
    external_id: jsonText('job.external_id'),
    producer: producerText('job.id'),
    sources: sourcesText('job.id', 'text'),
    fields: fieldsText('job.id'),
    history: HISTORY,
  },
  hasProducer: (text) => hasProducer(text, escapeLiteral),
  producers: (ofThem) => `
    select producer::text, count(*) as jobs, coalesce(sum(trail.count), 0)::bigint as corrections
    from job_evidence join producers on producers.id = producer_id
    left join (${CORRECTIONS_BY_JOB}) as trail using (job_id) ${ofThem}
    group by producers.id order by jobs desc, sha256 limit $1`,
};
