import { escapeLiteral } from 'pg';
import { type TableColumn } from '../platform/database/entities/columns.js';
import { isDigest } from '../platform/database/producer-filter.js';
import { Fault } from '../platform/fault.js';
import { type EvidenceSql, type Include } from './evidence-sql.js';

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
  included: {
    producer: `coalesce(job.producer::text, 'null')`,
    sources: SOURCES,
    fields: `coalesce(job.fields::text, 'null')`,
  },
  hasProducer: (text) => {
    if (isDigest(text))
      throw new NotInExternalRelations('producer', 'external relations have no digest; use member=value');
    const at = text.indexOf('=');
    return `job.producer::json ->> ${escapeLiteral(text.slice(0, at))} = ${escapeLiteral(text.slice(at + 1))}`;
  },
  producers: (ofThem) => `
    select null as sha256, producer, count(*) as jobs, sum(count)::bigint as corrections
    from (
      select producer::text, (select count(*) from job_corrections where job_id = job.id) as count
      from (select id as job_id, * from jobs) as job ${ofThem}
    ) as counted
    where producer is not null and producer <> 'null' group by producer order by jobs desc, producer limit $1`,
};

/** How the rows of external relations hold the included members; text is as the line has it. */
export const INCLUDED_COLUMNS: Readonly<Partial<Record<Include, TableColumn>>> = {
  producer: { name: 'producer', type: 'json', isNullable: false },
  sources: { name: 'ocr_text', type: 'text', isNullable: false },
  fields: { name: 'fields', type: 'json', isNullable: false },
};
