import { hash } from 'node:crypto';
import { type ClientBase } from 'pg';
import { bytesAsJson } from '../reading/job-size.js';
import { type Evidence, type Source } from './evidence.js';
import { insertContent, writeSlices } from './content-writer.js';

/** Evidence names content by its digest that is not held here. Nothing was stored. */
export class ContentMissing extends Error {
  override readonly name = 'ContentMissing';

  /** @param source the index of the source */
  constructor(readonly source: number) {
    super(`source ${source} is not held here`);
  }
}

/**
 * Writes evidence of a job; the job has none yet of the parts that there are. SQL, because it writes JSON, and contents in slices.
 *
 * @param client in a transaction that has the lock of every writer on `jobs`, since an import takes that lock first, too
 * @throws ContentMissing
 */
export async function appendEvidence(
  client: ClientBase,
  jobId: string,
  { producer, fields, sources }: Evidence,
): Promise<void> {
  if (producer || fields) {
    const producerId = producer && (await findProducer(client, producer));
    await client.query(appendMembers, [jobId, producerId, fields?.text ?? null]);
  }
  if (sources.length > 0) await appendSources(client, jobId, sources);
}

/** In two statements: one would not see a row that another transaction has made meanwhile. */
async function findProducer(client: ClientBase, producer: Buffer): Promise<number> {
  await client.query('insert into producers (producer) values ($1::json) on conflict (sha256) do nothing', [
    producer,
  ]);
  const { rows } = await client.query<{ id: number }>(
    'select id from producers where sha256 = $1 for key share',
    [hash('sha256', producer)],
  );
  return rows[0]!.id;
}

async function appendSources(client: ClientBase, jobId: string, sources: readonly Source[]): Promise<void> {
  await holdTexts(client, sources);
  const digests = sources.map(({ sha256 }) => sha256);
  // So that they stay until they are referred to.
  await client.query('select from contents where sha256 = any ($1) order by sha256 for key share', [digests]);
  const { rows } = await client.query<{ source: number }>(appendSourceRows, [
    jobId,
    sources.map(({ kind }) => kind),
    sources.map(({ page }) => page),
    sources.map(({ media_type }) => media_type),
    digests,
    sources.map(({ uri }) => uri),
    sources.map(({ text }) => text !== null),
  ]);
  const [missing] = rows;
  if (missing) throw new ContentMissing(missing.source);
}

/** Texts are taken in in the order of their digests, so that no two transactions wait for each other. */
async function holdTexts(client: ClientBase, sources: readonly Source[]): Promise<void> {
  const texts = new Map(sources.flatMap((source) => (source.text ? [[source.sha256!, source]] : [])));
  for (const [sha256, { text, media_type }] of [...texts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    // It may have come as something else than text before.
    const size = bytesAsJson(text!.toString());
    const known = 'update contents set sent_at = now(), text_size = $2 where sha256 = $1';
    if ((await client.query(known, [sha256, size])).rowCount === 1) continue;
    const written = await writeSlices(client, media_type!, [text!], Infinity);
    if (await insertContent(client, { ...written, text_size: size })) continue;
    await client.query('delete from content_slices where content_id = $1', [written.id]);
  }
}

const appendMembers = `
  insert into job_evidence (job_id, producer_id, fields) values ($1, $2, $3::json)
  on conflict (job_id) do update set
    producer_id = coalesce(excluded.producer_id, job_evidence.producer_id),
    fields = coalesce(excluded.fields, job_evidence.fields)
`;

/** Returns the indices of sources that lead nowhere, which are not written. */
const appendSourceRows = `
  with given as (
    select kind, page, given.media_type, given.sha256, uri, is_text, (ordinal - 1)::integer as source,
      contents.id as content_id, text_size
    from unnest($2::text[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::boolean[])
      with ordinality as given (kind, page, media_type, sha256, uri, is_text, ordinal)
    left join contents on contents.sha256 = given.sha256
  ), written as (
    insert into job_sources (job_id, ordinal, kind, page, media_type, sha256, uri, content_id, is_text)
    select $1, source, kind, page, media_type, sha256, uri, content_id, is_text or text_size is not null
    from given where content_id is not null or uri is not null
  )
  select source from given where content_id is null and uri is null order by source
`;
