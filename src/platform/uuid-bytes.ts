/** A UUID takes 16 bytes. */
export const UUID_BYTES = 16;

/** Reads a UUID, as text in lower case with hyphens. */
export function uuidAt(bytes: Buffer, at: number): string {
  return bytes.toString('hex', at, at + UUID_BYTES).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** @param uuid with hyphens */
export function bytesOfUuid(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}
