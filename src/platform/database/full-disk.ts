import { statfs } from 'node:fs/promises';
import { type Client, type ClientBase } from 'pg';
import { type DataSource } from 'typeorm';
import { errorCode } from '../files/system-error.js';

/** The SQLSTATE disk_full. */
export const DISK_FULL = '53100';

/**
 * Writes a megabyte and takes it away again. Without rows to compress, in the tablespace of the tables, and in the one
 * transaction that the two statements are.
 */
const PROBE = `
  set local temp_tablespaces = '';
  create temp table disk_probe on commit drop as select from generate_series(1, 40000)
`;

/** Remembers that a write failed because the disk of the database is full, until another one succeeds. */
export class FullDisk {
  private hasFailed = false;
  private probing: Promise<boolean> | undefined;

  /** Watches the statements of a connection. */
  watch(client: ClientBase): void {
    (client as Client).connection.on('errorMessage', ({ code }: { code?: string }) => {
      if (code === DISK_FULL) this.hasFailed = true;
    });
  }

  /** Tries a write if one has failed. Concurrent callers share it. */
  async isFull(dataSource: DataSource): Promise<boolean> {
    if (!this.hasFailed) return false;
    this.probing ??= cannotWrite(dataSource).finally(() => (this.probing = undefined));
    this.hasFailed = await this.probing;
    return this.hasFailed;
  }
}

/** False if the write failed for another reason, such as the rights of the role: the next full disk is noticed again. */
async function cannotWrite(dataSource: DataSource): Promise<boolean> {
  return dataSource.query(PROBE).then(
    () => false,
    (error: unknown) => errorCode(error) === DISK_FULL,
  );
}

/** Four files of the write-ahead log. PostgreSQL ends when it cannot make the next one. */
const LEAST_FREE_BYTES = 64 * 1024 * 1024;

/** Whether the disk of a folder has no room for the write-ahead log of a server in it. */
export async function hasNoRoom(folder: string): Promise<boolean> {
  const { blocks, bavail, bsize } = await statfs(folder);
  // Some file systems do not tell.
  return blocks > 0 && bavail * bsize < LEAST_FREE_BYTES;
}
