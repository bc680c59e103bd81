import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Fault } from '../../platform/fault.js';
import { hasEnded, ownMark } from '../../platform/files/process-mark.js';
import { syncFolder } from '../../platform/files/replace-file.js';
import { contentFileName } from '../../platform/media-type.js';
import { digestOfBlocks } from '../../platform/sha256.js';
import { type ContentSink } from '../export.service.js';
import { type ExportedContent } from '../ground-truth.repository.js';

/** The database does not hold what it says. */
class DamagedContent extends Fault {
  constructor(sha256: string) {
    super(
      'source-unusable',
      `the content ${sha256} is damaged in the database; ground-truth verify lists all such`,
    );
  }
}

const PARTIAL = /^\.[0-9a-f]{64}\.(.+)-[0-9a-f]{12}\.partial$/;

/**
 * A folder of contents, each in a file named by its digest. A file appears whole or not at all, and one that is there already and
 * has its digest stays.
 */
export class ContentFolder implements ContentSink {
  /** The content that is being written. */
  private current: { content: ExportedContent; handle: FileHandle; partial: string } | undefined;
  private digest = createHash('sha256');
  private lastDone: string | undefined;
  filesWritten = 0;

  private constructor(
    private readonly folder: string,
    private readonly names: ReadonlySet<string>,
  ) {}

  /** Makes the folder if there is none, and removes what killed processes have left in it. */
  static async open(folder: string): Promise<ContentFolder> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const names = await readdir(folder);
    for (const name of names) {
      const [, mark] = PARTIAL.exec(name) ?? [];
      if (mark !== undefined && hasEnded(mark)) await rm(path.join(folder, name), { force: true });
    }
    return new ContentFolder(folder, new Set(names));
  }

  /**
   * Writes the next slice of a content. Slices come in order, one content after the other.
   *
   * @param bytes null for a content without any
   * @throws Fault if a content does not have its digest
   */
  async write(content: ExportedContent, bytes: Buffer | null): Promise<void> {
    const { sha256 } = content;
    if (this.lastDone === sha256) return;
    if (this.current?.content.sha256 !== sha256) {
      await this.finish();
      if (await this.isThere(content)) {
        this.lastDone = sha256;
        return;
      }
      const partial = path.join(
        this.folder,
        `.${sha256}.${ownMark()}-${randomBytes(6).toString('hex')}.partial`,
      );
      this.current = { content, partial, handle: await open(partial, 'wx', 0o600) };
      this.digest = createHash('sha256');
    }
    if (bytes === null) return;
    this.digest.update(bytes);
    await this.current.handle.writeFile(bytes);
  }

  /** Call it after the last slice. */
  async end(): Promise<void> {
    await this.finish();
    await syncFolder(this.folder);
  }

  /** Removes what is not complete. Never throws. */
  async abandon(): Promise<void> {
    const { current } = this;
    this.current = undefined;
    await current?.handle.close().catch(() => undefined);
    if (current) await rm(current.partial, { force: true }).catch(() => undefined);
  }

  private async finish(): Promise<void> {
    const { current } = this;
    if (!current) return;
    if (this.digest.digest('hex') !== current.content.sha256)
      throw new DamagedContent(current.content.sha256);
    await current.handle.sync();
    await current.handle.close();
    this.current = undefined;
    await rename(current.partial, path.join(this.folder, contentFileName(current.content)));
    this.filesWritten++;
  }

  private async isThere(content: ExportedContent): Promise<boolean> {
    const name = contentFileName(content);
    if (!this.names.has(name)) return false;
    const file = createReadStream(path.join(this.folder, name)) as AsyncIterable<Buffer>;
    return (await digestOfBlocks(file)) === content.sha256;
  }
}
