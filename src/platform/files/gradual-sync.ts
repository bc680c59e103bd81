import { type FileHandle } from 'node:fs/promises';

const SYNC_BYTES = 64 * 1024 * 1024;

/**
 * Synchronises a large file with the disk while it is written, so that not all of it is left for the end. The caller must call `end` before
 * it closes the file, and synchronise what is left itself.
 */
export class GradualSync {
  private sync: Promise<void> | undefined;
  private unsynced = 0;

  constructor(private readonly file: FileHandle) {}

  /**
   * Call after a block was written.
   *
   * @throws the error of an earlier synchronisation
   */
  async wrote(bytes: number): Promise<void> {
    this.unsynced += bytes;
    if (this.unsynced < SYNC_BYTES) return;
    await this.sync;
    this.sync = this.file.datasync();
    // Thrown where it is awaited.
    this.sync.catch(() => undefined);
    this.unsynced = 0;
  }

  /** Waits for the synchronisation that goes on. */
  async end(): Promise<void> {
    await this.sync;
  }
}
