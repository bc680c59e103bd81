/**
 * What `src/json-text` needs of `node:buffer`, in the browser. vite.config.ts puts this file in its place, so that documents are
 * read by the same code here and in the server.
 */
export { Buffer } from 'buffer/';

/** Whether the bytes are valid UTF-8. */
export function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
