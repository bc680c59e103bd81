import { type ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { v7 as uuidv7 } from 'uuid';
import { finished } from 'node:stream/promises';
import { BinaryCopyWriter } from '../../platform/database/binary-copy-writer.js';
import { ContentTooLong, SLICE_SIZE, writeSlices, type WrittenContent } from '../evidence/content-writer.js';
import { type Source } from '../evidence/evidence.js';
import { bytesAsJson } from '../reading/job-size.js';
import { type SourceFile, type SourceFolder } from './source-folder.js';

/** A source whose content is held, or will be when the import is merged, or that is only pointed to. */
interface ResolvedSource extends Source {
  readonly isHeld: boolean;
  readonly isText: boolean;
}

/** Reports what is wrong with a source. */
type OnFault = (source: number, member: string, reason: string) => void;

export interface ResolvedSources {
  readonly sources: readonly ResolvedSource[];
  /** Bytes of texts in a line of the corpus that do not stand in the line of the input. */
  readonly textBytes: number;
}

const BATCH_SIZE = 1024 * 1024;
/** Digests of contents that are known, in memory. */
const MOST_KNOWN = 10_000;

/** Staging tables of sources, with the line to which each belongs, and of contents, whose slices are in place already. */
const SOURCES = 'pg_temp.staged_sources';
const CONTENTS = 'pg_temp.staged_contents';
const SOURCE_FIELDS = 9;
const CONTENT_FIELDS = 5;
const SLICE_FIELDS = 3;

/**
 * Stages the sources of an import. Slices of contents go to their table at once, under ids of their own; which of them stay is
 * decided when the import is merged. A few slices at a time are in memory.
 */
export class StagedSources {
  private readonly rows = new BinaryCopyWriter(SOURCE_FIELDS);
  private readonly contents = new BinaryCopyWriter(CONTENT_FIELDS);
  private readonly slices = new BinaryCopyWriter(SLICE_FIELDS);
  /** By digest: the length as a JSON string, or null if it is not text. */
  private readonly known = new Map<string, number | null>();
  private hasTables = false;

  /**
   * @param connect returns the connection of the import's transaction
   * @param folder where files of sources are
   */
  constructor(
    private readonly connect: () => Promise<ClientBase>,
    private readonly folder: SourceFolder | undefined,
  ) {}

  /** Finds the contents of a line's sources, and takes in those that come with the input. */
  async resolve(sources: readonly Source[], onFault: OnFault): Promise<ResolvedSources> {
    await this.lookUp(sources);
    const resolved: ResolvedSource[] = [];
    let textBytes = 0;
    for (const [index, source] of sources.entries()) {
      const found = await this.resolveOne(source, (member, reason) => {
        onFault(index, member, reason);
      });
      if (found.isText && source.text === null) textBytes += this.known.get(found.sha256!) ?? 0;
      resolved.push(found);
    }
    return { sources: resolved, textBytes };
  }

  private async resolveOne(
    source: Source,
    fault: (member: string, reason: string) => void,
  ): Promise<ResolvedSource> {
    const { sha256, text, file, uri } = source;
    const held = (digest: string): ResolvedSource => ({
      ...source,
      sha256: digest,
      isHeld: true,
      isText: text !== null || this.known.get(digest) != null,
    });
    if (text) {
      await this.takeText(source, text);
      return held(sha256!);
    }
    if (sha256 !== null && this.known.has(sha256)) return held(sha256);
    const nothing = { ...source, isHeld: false, isText: false };
    const found =
      file === null
        ? sha256 === null
          ? undefined
          : await this.folder?.findByDigest(sha256)
        : await this.folder!.find(file);
    if (typeof found === 'object') {
      const digest = await this.takeFile(source, found, fault);
      return digest === undefined ? nothing : held(digest);
    }
    if (found !== undefined) fault('file', found);
    else if (uri === null)
      fault(
        'sha256',
        this.folder
          ? 'is not held here, and no file in the folder of sources has it as name'
          : 'is not held here; send the content first, or import it with the folder that has it',
      );
    return nothing;
  }

  /** Asks which of the contents are held. They then stay until the end of the transaction. */
  private async lookUp(sources: readonly Source[]): Promise<void> {
    if (this.known.size > MOST_KNOWN) this.known.clear();
    const digests = sources.flatMap(({ sha256, text }) =>
      sha256 === null || this.known.has(sha256) || (text !== null && text.length <= SLICE_SIZE)
        ? []
        : [sha256],
    );
    if (digests.length === 0) return;
    const { rows } = await (
      await this.client()
    ).query<{ sha256: string; text_size: string | null }>(
      'select sha256, text_size from contents where sha256 = any ($1) order by sha256 for key share',
      [digests],
    );
    for (const { sha256, text_size } of rows)
      this.known.set(sha256, text_size === null ? null : Number(text_size));
  }

  private async takeText({ sha256, media_type }: Source, text: Buffer): Promise<void> {
    if (this.known.get(sha256!) != null) return;
    const size = bytesAsJson(text.toString());
    const client = await this.client();
    const content = { sha256: sha256!, media_type: media_type!, size: text.length, text_size: size };
    if (this.known.has(sha256!)) this.stageContent({ ...content, id: null });
    else if (text.length > SLICE_SIZE)
      this.stageContent({ ...(await writeSlices(client, media_type!, [text], Infinity)), text_size: size });
    else {
      const id = uuidv7();
      if (text.length > 0) this.slices.beginRow().uuid(id).integer(0).bytes(text);
      this.stageContent({ ...content, id });
    }
    this.known.set(sha256!, size);
    if (this.slices.size >= BATCH_SIZE) await this.flush();
  }

  /** @returns the digest of the file; undefined, and a fault, if it is not what it should be */
  private async takeFile(
    { sha256, file, media_type }: Source,
    found: SourceFile,
    fault: (member: string, reason: string) => void,
  ): Promise<string | undefined> {
    const member = file === null ? 'sha256' : 'file';
    const folder = this.folder!;
    const tooLong = `leads to a file of more than ${folder.mostBytes.toLocaleString('en')} bytes`;
    if (found.size > folder.mostBytes) {
      fault(member, tooLong);
      return undefined;
    }
    let written: WrittenContent;
    try {
      written = await writeSlices(
        await this.client(),
        media_type ?? found.media_type,
        folder.read(found),
        folder.mostBytes,
      );
    } catch (error) {
      // It has grown meanwhile.
      if (!(error instanceof ContentTooLong)) throw error;
      fault(member, tooLong);
      return undefined;
    }
    if (sha256 !== null && written.sha256 !== sha256) {
      fault('sha256', `is not the digest of the file, which is ${written.sha256}`);
      return undefined;
    }
    this.stageContent(written);
    this.known.set(written.sha256, written.text_size);
    return written.sha256;
  }

  private stageContent(content: Omit<WrittenContent, 'id'> & { readonly id: string | null }): void {
    const { id, sha256, media_type, size, text_size } = content;
    this.contents
      .beginRow()
      .value('uuid', id)
      .text(sha256)
      .text(media_type)
      .value('bigint', size)
      .value('bigint', text_size);
  }

  /** Stages the sources of a line that is accepted. */
  async append(line: number, { sources }: ResolvedSources): Promise<void> {
    if (sources.length === 0) return;
    await this.client();
    for (const [ordinal, source] of sources.entries())
      this.rows
        .beginRow()
        .bigint(BigInt(line))
        .integer(ordinal)
        .text(source.kind)
        .integer(source.page)
        .text(source.media_type)
        .text(source.sha256)
        .text(source.uri)
        .boolean(source.isHeld)
        .boolean(source.isText);
    if (this.rows.size >= BATCH_SIZE) await this.flush();
  }

  /** Copies what is in memory to the tables. */
  async flush(): Promise<void> {
    if (!this.hasTables) return;
    await this.copy('content_slices (content_id, slice, bytes)', this.slices);
    await this.copy(CONTENTS, this.contents);
    await this.copy(SOURCES, this.rows);
  }

  /** Keeps the sources of jobs that are replaced by lines without sources. Call it before the jobs are deleted. */
  async keep(stagedJobs: string): Promise<void> {
    await (await this.client()).query(keepSources(stagedJobs));
  }

  /** Call it after the jobs were inserted. */
  async merge(stagedJobs: string): Promise<void> {
    if (!this.hasTables) return;
    await (await this.client()).query(mergeContents);
    await (await this.client()).query(mergeSources(stagedJobs));
  }

  private async copy(table: string, writer: BinaryCopyWriter): Promise<void> {
    if (writer.rows === 0) return;
    const stream = (await this.connect()).query(copyFrom(`copy ${table} from stdin (format binary)`));
    stream.end(writer.take());
    await finished(stream);
  }

  private async client(): Promise<ClientBase> {
    const client = await this.connect();
    if (!this.hasTables) await client.query(createTables);
    this.hasTables = true;
    return client;
  }
}

const createTables = `
  create temporary table ${SOURCES} (
    line bigint, ordinal integer, kind text, page integer, media_type text, sha256 text, uri text, is_held boolean, is_text boolean
  ) on commit drop;
  create temporary table ${CONTENTS} (
    id uuid, sha256 text, media_type text, size bigint, text_size bigint
  ) on commit drop;
`;

function keepSources(stagedJobs: string): string {
  return `
    insert into ${SOURCES} (line, ordinal, kind, page, media_type, sha256, uri, is_held, is_text)
    select line, ordinal, kind, page, media_type, sha256, uri, content_id is not null, is_text
    from job_sources join ${stagedJobs} as staged on staged.id = job_id where staged.sources_sha256 is null
  `;
}

// Of contents that came twice, or are there already, the slices are not needed. In the order of the digests, as everywhere.
const mergeContents = `
  insert into contents (id, sha256, media_type, size, text_size)
  select distinct on (sha256) id, sha256, media_type, size, text_size from ${CONTENTS} where id is not null
  order by sha256, id
  on conflict (sha256) do nothing;
  delete from content_slices where content_id in (
    select id from ${CONTENTS} where id is not null except select id from contents
  );
  update contents set sent_at = now(), text_size = coalesce(contents.text_size, staged.text_size)
  from (select sha256, max(text_size) as text_size from ${CONTENTS} group by sha256) as staged
  where contents.sha256 = staged.sha256;
`;

function mergeSources(stagedJobs: string): string {
  return `
    insert into job_sources (job_id, ordinal, kind, page, media_type, sha256, uri, content_id, is_text)
    select job.id, ordinal, kind, page, source.media_type, source.sha256, uri, contents.id, is_text
    from ${SOURCES} as source join ${stagedJobs} as job using (line)
    left join contents on is_held and contents.sha256 = source.sha256
    order by line, ordinal
  `;
}
