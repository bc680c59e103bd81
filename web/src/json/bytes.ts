import { Buffer } from 'node:buffer';

// Those of the browser: `Buffer` in a page takes ten times as long over a document of megabytes.
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The text in UTF-8. */
export function bytesOf(text: string): Buffer {
  const { buffer, byteLength } = encoder.encode(text);
  return Buffer.from(buffer, 0, byteLength);
}

/** @param bytes UTF-8 */
export function decoded(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
