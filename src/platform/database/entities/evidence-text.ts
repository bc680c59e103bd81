/** SQL for the evidence of a job as compact JSON text, by the id of the job. */

/** A text as a JSON string; `null` for null. */
export function jsonText(text: string): string {
  return `coalesce(to_json(${text})::text, 'null')`;
}

/** `null` if there is none. */
export function producerText(jobId: string): string {
  return `coalesce((
    select producer::text from producers where id = (select producer_id from job_evidence where job_id = ${jobId})
  ), 'null')`;
}

/** By paths of the initial result; `null` if there are none. */
export function fieldsText(jobId: string): string {
  return `coalesce((select fields::text from job_evidence where job_id = ${jobId}), 'null')`;
}

/** The text of a source, if it is text that is held. */
const TEXT = `case when is_text then ',"text":' || to_json(coalesce((
    select convert_from(string_agg(bytes, '' order by slice), 'UTF8') from content_slices where content_id = source.content_id
  ), ''))::text else '' end`;

/** The bytes of the content; null if it is not held. */
const SIZE = `',"size":' || coalesce(size::text, 'null')`;

/**
 * An array in the order of the sources, without white space.
 *
 * @param last the last member of each
 */
export function sourcesText(jobId: string, last: 'text' | 'size'): string {
  return `coalesce((
    select '[' || string_agg(concat(
      '{"kind":', to_json(kind),
      ',"page":', coalesce(page::text, 'null'),
      ',"media_type":', ${jsonText('coalesce(source.media_type, contents.media_type)')},
      ',"sha256":', ${jsonText('source.sha256')},
      ',"uri":', ${jsonText('uri')},
      ${last === 'text' ? TEXT : SIZE}, '}'
    ), ',' order by ordinal) || ']'
    from job_sources as source left join contents on contents.id = content_id
    where job_id = ${jobId}
  ), '[]')`;
}
