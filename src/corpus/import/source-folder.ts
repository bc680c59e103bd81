import { createReadStream, type Dirent } from 'node:fs';
import { opendir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { mediaTypeOf } from '../../platform/media-type.js';

/** A file of a folder. */
export interface SourceFile {
  readonly path: string;
  /** By its extension. */
  readonly media_type: string;
  /** In bytes. */
  readonly size: number;
}

/** How an export names the contents: by their digest. */
const BY_DIGEST = /^([0-9a-f]{64})(?:\.[^.]*)?$/;

/** The folder with contents of sources that comes with an input. Only its files are read, and those below it. */
export class SourceFolder {
  private byDigest: Promise<ReadonlyMap<string, string>> | undefined;

  private constructor(
    private readonly root: string,
    readonly mostBytes: number,
  ) {}

  /**
   * @param mostBytes of a file
   * @returns undefined if there is no such folder
   */
  static async open(folder: string, mostBytes: number): Promise<SourceFolder | undefined> {
    const isFolder = await stat(folder).then(
      (status) => status.isDirectory(),
      () => false,
    );
    return isFolder ? new SourceFolder(await realpath(folder), mostBytes) : undefined;
  }

  /**
   * Finds a file by its name.
   *
   * @param name relative to the folder
   * @returns the reason if there is no such file, or it is not in the folder
   */
  async find(name: string): Promise<SourceFile | string> {
    if (path.isAbsolute(name) || name.split(/[/\\]/).includes('..'))
      return 'is not a name relative to the folder of sources, without ".."';
    const { root } = this;
    try {
      const file = await realpath(path.join(root, name));
      // A link may lead elsewhere.
      if (!file.startsWith(root + path.sep)) return 'leads outside the folder of sources';
      const status = await stat(file);
      if (!status.isFile()) return 'is not a file in the folder of sources';
      return { path: file, media_type: mediaTypeOf(name), size: status.size };
    } catch (error) {
      return `cannot be read in the folder of sources (${(error as NodeJS.ErrnoException).code ?? 'error'})`;
    }
  }

  /** Finds the file that an export has named by the digest of its content. */
  async findByDigest(sha256: string): Promise<SourceFile | undefined> {
    this.byDigest ??= this.list();
    const name = (await this.byDigest).get(sha256);
    const file = name === undefined ? undefined : await this.find(name);
    return typeof file === 'object' ? file : undefined;
  }

  /** The bytes of a file. */
  read({ path: file }: SourceFile): AsyncIterable<Buffer> {
    return createReadStream(file) as AsyncIterable<Buffer>;
  }

  private async list(): Promise<ReadonlyMap<string, string>> {
    const names = new Map<string, string>();
    for await (const { name } of (await opendir(this.root)) as AsyncIterable<Dirent>) {
      const [, sha256] = BY_DIGEST.exec(name) ?? [];
      if (sha256 !== undefined) names.set(sha256, name);
    }
    return names;
  }
}
