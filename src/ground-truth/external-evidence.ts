import { escapeLiteral } from 'pg';
import { type TableColumn } from '../platform/database/entities/columns.js';
import { jsonText } from '../platform/database/entities/evidence-text.js';
import { hasMember } from '../platform/database/producer-filter.js';
import { isDigest } from '../platform/sha256.js';
import { Fault } from '../platform/fault.js';
import { CORRECTIONS_BY_JOB, type EvidenceSql, type Include, OWN_EVIDENCE } from './evidence-sql.js';

/** Something was asked for that external relations do not have. */
export class NotInExternalRelations extends Fault {
  constructor(field: string, reason: string) {
    super('invalid-parameters', `${field}: ${reason}`, [{ field, message: reason }]);
  }
}

const SOURCES = `case when job.ocr_text is null then '[]' else concat(
  '[{"kind":"ocr_text","page":null,"media_type":"text/plain","sha256":"',
  encode(sha256(convert_to(job.ocr_text, 'UTF8')), 'hex'), '","uri":null,"text":', to_json(job.ocr_text), '}]'
) end`;

/** In the optional columns of the jobs. */
export const EXTERNAL_EVIDENCE: EvidenceSql = {
  record: OWN_EVIDENCE.record,
  included: {
    external_id: jsonText('job.external_id'),
    producer: `coalesce(job.producer::text, 'null')`,
    sources: SOURCES,
    fields: `coalesce(job.fields::text, 'null')`,
  },
  hasProducer: (text) => {
    if (isDigest(text))
      throw new NotInExternalRelations('producer', 'external relations have no digest; use member=value');
    return hasMember('job.producer::json', text, escapeLiteral);
  },
  // One producer may be spaced in several ways, which only `json-text` can tell: so there are more than are asked for.
  producers: (ofThem) => `
    select producer, count(*) as jobs, coalesce(sum(count), 0)::bigint as corrections
    from (
      select producer, count
      from (select id as job_id, producer::text from jobs) as job
      left join (${CORRECTIONS_BY_JOB}) as trail using (job_id) ${ofThem}
    ) as counted
    where producer is not null and producer <> 'null'
    group by producer order by jobs desc, producer limit greatest($1, ${MOST_TEXTS})`,
};

/**
 * The same where the relations are distributed by Citus, which moves rows between servers but no records without a name. The bytes that
 * `record_send` makes of them are the same on the wire. They took 0.6% more of PostgreSQL's time in one measurement (version 15, 40,000
 * jobs with 60,000 corrections), and 2 to 6% in others, so elsewhere records stay.
 */
export const DISTRIBUTED_EVIDENCE: EvidenceSql = {
  ...EXTERNAL_EVIDENCE,
  record: (columns) => `record_send(row(${columns}))`,
};

/** The most texts of producers that are read. */
const MOST_TEXTS = 10_000;

/** How the rows of external relations hold the included members; text is as the line has it. */
export const INCLUDED_COLUMNS: Readonly<Partial<Record<Include, TableColumn>>> = {
  external_id: { name: 'external_id', type: 'text', isNullable: false },
  producer: { name: 'producer', type: 'json', isNullable: false },
  sources: { name: 'ocr_text', type: 'text', isNullable: false },
  fields: { name: 'fields', type: 'json', isNullable: false },
};
