import { extension, lookup } from 'mime-types';

/** Of bytes of which nothing is known. */
export const UNKNOWN_MEDIA_TYPE = 'application/octet-stream';

/** By the extension of a file. */
export function mediaTypeOf(fileName: string): string {
  return lookup(fileName) || UNKNOWN_MEDIA_TYPE;
}

/** How a file with a content is named. */
export function contentFileName({ sha256, media_type }: { sha256: string; media_type: string }): string {
  return `${sha256}.${extension(media_type) || 'bin'}`;
}
