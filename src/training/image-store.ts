import { existsSync } from 'node:fs';
import { copyFile, open, rename } from 'node:fs/promises';
import path from 'node:path';
import { FileFault } from '../platform/files/file-fault.js';
import { contentFileName } from '../platform/media-type.js';
import { digestOfBlocks } from '../platform/sha256.js';
import { type PageImage } from './pages.js';

/** Page images in a folder, named by their digests. */
export class ImageStore {
  private readonly taken = new Set<string>();

  /**
   * @param isOurs whether the files may be moved, because they were written for this dataset only
   */
  constructor(
    private readonly folder: string,
    private readonly isOurs: boolean,
  ) {}

  has(image: PageImage): boolean {
    return image.media_type.startsWith('image/') && existsSync(path.join(this.folder, this.nameOf(image)));
  }

  nameOf(image: PageImage): string {
    return contentFileName(image);
  }

  /**
   * Puts an image into a dataset, unless it is there already. Synchronises it with the disk.
   *
   * @throws FileFault if the file does not have its digest
   */
  async put(name: string, into: string): Promise<void> {
    if (this.taken.has(name)) return;
    this.taken.add(name);
    const source = path.join(this.folder, name);
    const target = path.join(into, name);
    if (this.isOurs) await rename(source, target);
    else await copyFile(source, target);
    const file = await open(target, 'r');
    try {
      if (
        (await digestOfBlocks(file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>)) !==
        name.split('.')[0]
      )
        throw new FileFault(`${source}: its content does not have the digest in its name`);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  get count(): number {
    return this.taken.size;
  }
}
