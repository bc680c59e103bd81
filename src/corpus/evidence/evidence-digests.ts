import { hash } from 'node:crypto';
import { jsonText } from '../../platform/database/entities/evidence-text.js';
import { type Evidence } from './evidence.js';

/** Digests of the parts of evidence, by which it is compared; null for a part that there is not. */
export interface Digests {
  readonly producer_sha256: string | null;
  readonly fields_sha256: string | null;
  readonly sources_sha256: string | null;
}

export function digestsOf({ producer, fields, sources }: Evidence): Digests {
  return {
    producer_sha256: producer && hash('sha256', producer),
    fields_sha256: fields && hash('sha256', fields.text),
    sources_sha256:
      sources.length === 0
        ? null
        : hash(
            'sha256',
            JSON.stringify(
              sources.map(({ kind, page, media_type, sha256, uri }) => [kind, page, media_type, sha256, uri]),
            ),
          ),
  };
}

const SOURCES = `
  select '[' || string_agg(
    '[' || concat_ws(',',
      ${['kind', 'page', 'media_type', 'sha256', 'uri'].map(jsonText).join(', ')}
    ) || ']', ',' order by ordinal
  ) || ']'
  from job_sources where job_id = jobs.id`;

/**
 * SQL condition: the job in `jobs` has the evidence of which `staged` has the digests. Evidence may come later than the job, so
 * a part that `staged` has not does not count.
 */
export const HAS_SAME_EVIDENCE = [
  [
    'producer_sha256',
    `select producers.sha256 from job_evidence join producers on producers.id = producer_id where job_id = jobs.id`,
  ],
  ['fields_sha256', `select ${digestOf('fields::text')} from job_evidence where job_id = jobs.id`],
  ['sources_sha256', `select ${digestOf(`(${SOURCES})`)}`],
]
  .map(([name, found]) => `(staged.${name} is null or staged.${name} is not distinct from (${found}))`)
  .join(' and ');

function digestOf(text: string): string {
  return `encode(sha256(convert_to(${text}, 'UTF8')), 'hex')`;
}
