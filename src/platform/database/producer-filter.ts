import { isDigest } from '../sha256.js';

/** What a filter by producer accepts, for messages. */
export const ACCEPTED_PRODUCERS = 'the SHA-256 digest of a producer, or member=value, such as model=layout-3';

/** Whether a text is a filter by producer: a digest, or `member=value`. */
export function isProducerFilter(text: string): boolean {
  return (isDigest(text) || text.indexOf('=') > 0) && !text.includes('\0') && text.isWellFormed();
}

/**
 * SQL condition for `job`: its result was made by the producer whose compact text has this digest, or by one with such a member at
 * its top, a text, number or boolean.
 *
 * @param quote makes SQL of a value
 */
export function hasProducer(text: string, quote: (value: string) => string): string {
  const isOne = isDigest(text) ? `sha256 = ${quote(text.toLowerCase())}` : hasMember('producer', text, quote);
  return `job.id in (
    select job_id from job_evidence where producer_id in (select id from producers where ${isOne})
  )`;
}

/** SQL condition: a producer has the member that `member=value` says. */
export function hasMember(producer: string, text: string, quote: (value: string) => string): string {
  const at = text.indexOf('=');
  return `${producer} ->> ${quote(text.slice(0, at))} = ${quote(text.slice(at + 1))}`;
}
