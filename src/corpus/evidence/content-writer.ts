import { createHash } from 'node:crypto';
import { type ClientBase } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { TextMeasure } from './content-text.js';

/**
 * Bytes of a slice; only the last one of a content is shorter. Contents that are stored already depend on it, so it stays.
 */
export const SLICE_SIZE = 256 * 1024;

/** The bytes of a content, in order. */
export type Blocks = AsyncIterable<Buffer> | Iterable<Buffer>;

/** A content whose slices are written. */
export interface WrittenContent {
  readonly id: string;
  readonly sha256: string;
  readonly media_type: string;
  readonly size: number;
  /** As a JSON string; null if it is not text. */
  readonly text_size: number | null;
}

/** Content is longer than what is accepted. */
export class ContentTooLong extends Error {
  override readonly name = 'ContentTooLong';
}

/**
 * Writes the slices of a content, one by one. The caller writes the row of `contents`, in the same transaction: the slices
 * refer to it.
 *
 * @param most bytes
 * @throws ContentTooLong; errors of `blocks`
 */
export async function writeSlices(
  client: ClientBase,
  mediaType: string,
  blocks: Blocks,
  most: number,
): Promise<WrittenContent> {
  const id = uuidv7();
  const digest = createHash('sha256');
  const text = new TextMeasure(mediaType);
  let size = 0;
  let slice = 0;
  let pending: Buffer[] = [];
  let waiting = 0;
  const write = async () => {
    const bytes = Buffer.concat(pending);
    let at = 0;
    while (bytes.length - at >= SLICE_SIZE) {
      await client.query(insertSlice, [id, slice++, bytes.subarray(at, at + SLICE_SIZE)]);
      at += SLICE_SIZE;
    }
    pending = [bytes.subarray(at)];
    waiting = bytes.length - at;
  };
  for await (const block of blocks) {
    size += block.length;
    if (size > most) throw new ContentTooLong();
    digest.update(block);
    text.add(block);
    pending.push(block);
    waiting += block.length;
    if (waiting >= SLICE_SIZE) await write();
  }
  if (waiting > 0) await client.query(insertSlice, [id, slice, Buffer.concat(pending)]);
  return { id, sha256: digest.digest('hex'), media_type: mediaType, size, text_size: text.end() };
}

const insertSlice = 'insert into content_slices (content_id, slice, bytes) values ($1, $2, $3)';

/** @returns false if there is such a content already; the caller gets rid of the slices then */
export async function insertContent(client: ClientBase, content: WrittenContent): Promise<boolean> {
  const { id, sha256, media_type, size, text_size } = content;
  const { rowCount } = await client.query(
    `insert into contents (id, sha256, media_type, size, text_size) values ($1, $2, $3, $4, $5)
     on conflict (sha256) do nothing`,
    [id, sha256, media_type, size, text_size],
  );
  return rowCount === 1;
}
