const SHA256 = /^[0-9a-f]{64}$/i;

/** What a filter by producer accepts, for messages. */
export const ACCEPTED_PRODUCERS = 'the SHA-256 digest of a producer, or member=value, such as model=layout-3';

export function isDigest(text: string): boolean {
  return SHA256.test(text);
}

/** Whether a text is a filter by producer: a digest, or `member=value`. */
export function isProducerFilter(text: string): boolean {
  return (SHA256.test(text) || text.indexOf('=') > 0) && !text.includes('\0') && text.isWellFormed();
}

/**
 * SQL condition for `job`: its result was made by the producer whose compact text has this digest, or by one with such a member at
 * its top, a text, number or boolean.
 *
 * @param quote makes SQL of a value
 */
export function hasProducer(text: string, quote: (value: string) => string): string {
  const at = text.indexOf('=');
  const isOne = SHA256.test(text)
    ? `sha256 = ${quote(text.toLowerCase())}`
    : `producer ->> ${quote(text.slice(0, at))} = ${quote(text.slice(at + 1))}`;
  return `job.id in (
    select job_id from job_evidence where producer_id in (select id from producers where ${isOne})
  )`;
}
