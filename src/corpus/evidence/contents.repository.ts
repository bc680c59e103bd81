import { Injectable } from '@nestjs/common';
import { escapeLiteral } from 'pg';
import { findDatabaseMode } from '../../platform/database/database-mode.js';
import { GroundTruthDataSource, type ReadLimits } from '../../platform/database/ground-truth-data-source.js';
import { Snapshot } from '../../platform/database/snapshot.js';
import { Fault } from '../../platform/fault.js';
import { digestOfBlocks } from '../../platform/sha256.js';
import { type Blocks, insertContent, SLICE_SIZE, writeSlices } from './content-writer.js';

/** A content that is held here. */
export interface Content {
  readonly sha256: string;
  /** As it was first sent. */
  readonly media_type: string;
  /** In bytes. */
  readonly size: number;
}

/** What came is not what was announced. Nothing was stored. */
class DigestDiffers extends Fault {
  constructor(actual: string) {
    super('digest-differs', `the SHA-256 digest of the body is ${actual}`);
  }
}

/** The most contents that are deleted in one transaction. */
const MOST_AT_ONCE = 1_000;

/** Contents of sources: bytes by their SHA-256 digest, held once each. SQL, because they come and go in slices. */
@Injectable()
export class ContentsRepository {
  constructor(private readonly dataSource: GroundTruthDataSource) {}

  /**
   * Takes in content. Holds a connection until the last block, if it is new; a few slices at a time are in memory.
   *
   * @param most bytes
   * @returns whether it is new
   * @throws DigestDiffers; ContentTooLong; errors of `blocks`; nothing is stored then
   */
  async receive(sha256: string, mediaType: string, blocks: Blocks, most: number): Promise<boolean> {
    const dataSource = await this.dataSource.connected();
    if (await touch(dataSource, sha256)) {
      requireDigest(sha256, await digestOfBlocks(blocks));
      return false;
    }
    if (await this.write(sha256, mediaType, blocks, most)) return true;
    // Somebody else has sent the same meanwhile.
    await touch(dataSource, sha256);
    return false;
  }

  /** @returns false if it is there already */
  private async write(sha256: string, mediaType: string, blocks: Blocks, most: number): Promise<boolean> {
    const client = await this.dataSource.takeClient();
    let failure: Error | undefined;
    try {
      await client.query('begin');
      const written = await writeSlices(client, mediaType, blocks, most);
      requireDigest(sha256, written.sha256);
      const isNew = await insertContent(client, written);
      await client.query(isNew ? 'commit' : 'rollback');
      return isNew;
    } catch (error) {
      await client.query('rollback').catch((lost: unknown) => {
        failure = lost as Error;
      });
      throw error;
    } finally {
      client.release(failure);
    }
  }

  /** @returns undefined if it is not held here */
  async find(sha256: string): Promise<Content | undefined> {
    const dataSource = await this.dataSource.connected();
    const [found] = await dataSource.query<{ media_type: string; size: string }[]>(
      'select media_type, size from contents where sha256 = $1',
      [sha256],
    );
    return found && { sha256, media_type: found.media_type, size: Number(found.size) };
  }

  /** Reads the bytes from `start` to before `end`, at once. */
  async read(sha256: string, start: number, end: number): Promise<Buffer> {
    if (start >= end) return Buffer.alloc(0);
    const dataSource = await this.dataSource.connected();
    const slices = await dataSource.query<{ bytes: Buffer }[]>(selectSlices(sha256, start, end));
    return Buffer.concat(slices.map(({ bytes }) => bytes));
  }

  /** Reads the bytes from `start` to before `end`, in slices. */
  async *stream(sha256: string, start: number, end: number, limits: ReadLimits): AsyncGenerator<Buffer> {
    if (start >= end) return;
    const snapshot = await Snapshot.open(this.dataSource, limits);
    try {
      yield* snapshot.rows(selectSlices(sha256, start, end), 1, (row) =>
        Buffer.from(row.bytes.subarray(row.start(0), row.end(0))),
      );
    } finally {
      snapshot.close();
    }
  }

  /**
   * Deletes contents that no job refers to and that were last sent more than a day ago, and producers that no job has. May run
   * in several processes at once. Does nothing where the database can only be read, such as on a replica.
   */
  async sweep(): Promise<void> {
    const { mode } = await findDatabaseMode(await this.dataSource.connected());
    if (mode !== 'read-write') return;
    await this.deleteAll(lockOld, deleteUnused);
    await this.deleteAll(lockLeft, deleteUnusedProducers);
  }

  private async deleteAll(lock: string, remove: string): Promise<void> {
    const dataSource = await this.dataSource.connected();
    for (let found = MOST_AT_ONCE; found === MOST_AT_ONCE;)
      found = await dataSource.transaction(async (manager) => {
        const rows = await manager.query<{ id: string }[]>(lock, [MOST_AT_ONCE]);
        const ids = rows.map(({ id }) => id);
        if (ids.length > 0) await manager.query(remove, [ids]);
        return ids.length;
      });
  }
}

function requireDigest(expected: string, actual: string): void {
  if (actual !== expected) throw new DigestDiffers(actual);
}

/** Records that content was sent again. */
async function touch(dataSource: GroundTruthDataSource, sha256: string): Promise<boolean> {
  const [found] = await dataSource.query<[unknown[], number]>(
    'update contents set sent_at = now() where sha256 = $1 returning id',
    [sha256],
  );
  return found.length > 0;
}

/** COPY takes no bind parameters. */
function selectSlices(sha256: string, start: number, end: number): string {
  const [first, last] = [Math.floor(start / SLICE_SIZE), Math.floor((end - 1) / SLICE_SIZE)];
  const bytes =
    first * SLICE_SIZE === start && (last + 1) * SLICE_SIZE <= end
      ? 'bytes'
      : `substring(
          bytes from greatest(${start} - slice * ${SLICE_SIZE}, 0) + 1
          for least(${end} - slice * ${SLICE_SIZE}, ${SLICE_SIZE}) - greatest(${start} - slice * ${SLICE_SIZE}, 0)
        )`;
  return `
    select ${bytes} as bytes from content_slices
    where content_id = (select id from contents where sha256 = ${escapeLiteral(sha256)})
      and slice between ${first} and ${last}
    order by slice`;
}

// Two statements: whoever refers to a content locks it, so after the first nobody new does, and the second sees who does.
const lockOld = `
  select id from contents where sent_at < now() - interval '1 day'
    and not exists (select from job_sources where content_id = contents.id)
  limit $1 for update skip locked
`;

/** Deletes those of locked contents, $1, that no job refers to. */
export const deleteUnused = `
  delete from contents where id = any ($1::uuid[])
    and not exists (select from job_sources where content_id = contents.id)
`;

const lockLeft = `
  select id from producers where not exists (select from job_evidence where producer_id = producers.id)
  limit $1 for update skip locked
`;

/** Deletes those of locked producers, $1, that no job has. */
export const deleteUnusedProducers = `
  delete from producers where id = any ($1::integer[])
    and not exists (select from job_evidence where producer_id = producers.id)
`;
