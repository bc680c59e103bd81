import { createHash } from 'node:crypto';
import { type Readable } from 'node:stream';

/** What was asked for. */
export interface CorpusQuery {
  readonly approved_only?: 'true' | 'false';
  readonly has_corrections?: 'true' | 'false';
  readonly limit?: string;
  readonly since?: string;
  readonly until?: string;
}

export interface CheckedCorpus {
  readonly samples: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** What came is not what was asked for. Says nothing of a document's content. */
export class CorpusFlaw extends Error {
  override readonly name = 'CorpusFlaw';
}

interface Sample {
  readonly job_id: string;
  readonly approved: boolean;
  readonly reviewed_at: string | null;
  readonly created_at: string;
  readonly corrections: readonly { readonly corrected_at: string }[];
  readonly diverged?: unknown;
}

const LINE_FEED = 0x0a;

/**
 * Reads a corpus as it flows by and holds each of its lines against the query; at most a line is kept.
 *
 * @param onBytes is told how many there are so far, and may hold up the reading
 * @throws CorpusFlaw, and what the stream throws
 */
export async function checkCorpus(
  corpus: Readable,
  query: CorpusQuery,
  onBytes: (bytes: number) => Promise<unknown> | undefined = () => undefined,
): Promise<CheckedCorpus> {
  const digest = createHash('sha256');
  const check = new LineCheck(query);
  let bytes = 0;
  let rest: Buffer[] = [];
  for await (const chunk of corpus as AsyncIterable<Buffer>) {
    digest.update(chunk);
    bytes += chunk.length;
    let start = 0;
    for (let end; (end = chunk.indexOf(LINE_FEED, start)) !== -1; start = end + 1) {
      check.line(Buffer.concat([...rest, chunk.subarray(start, end)]).toString());
      rest = [];
    }
    // A copy, or the whole chunk would stay for it.
    if (start < chunk.length) rest.push(Buffer.from(chunk.subarray(start)));
    await onBytes(bytes);
  }
  if (rest.length > 0) throw new CorpusFlaw('the last line has no end');
  return { samples: check.samples, bytes, sha256: digest.digest('hex') };
}

class LineCheck {
  samples = 0;
  private last = '';

  constructor(private readonly query: CorpusQuery) {}

  line(text: string): void {
    this.samples++;
    const sample = this.read(text);
    const { approved_only = 'true', has_corrections, since, until } = this.query;
    const place = `${bare(sample.created_at)} ${sample.job_id}`;
    if (place <= this.last) throw new CorpusFlaw(`line ${this.samples} is out of order`);
    this.last = place;
    if (approved_only === 'true' && !sample.approved)
      throw new CorpusFlaw(`job ${sample.job_id} is not approved`);
    if (has_corrections !== undefined && String(sample.corrections.length > 0) !== has_corrections)
      throw new CorpusFlaw(`job ${sample.job_id} has ${sample.corrections.length} corrections`);
    const changed = lastChange(sample);
    if ((since !== undefined && changed < bare(since)) || (until !== undefined && changed >= bare(until)))
      throw new CorpusFlaw(`job ${sample.job_id} was last changed outside of the window`);
    if (sample.diverged !== undefined) throw new CorpusFlaw(`job ${sample.job_id} has diverged`);
  }

  private read(text: string): Sample {
    try {
      return JSON.parse(text) as Sample;
    } catch {
      throw new CorpusFlaw(`line ${this.samples} is not JSON`);
    }
  }
}

function lastChange({ created_at, reviewed_at, corrections }: Sample): string {
  return [created_at, reviewed_at ?? '', ...corrections.map(({ corrected_at }) => corrected_at)]
    .map(bare)
    .reduce((latest, time) => (time > latest ? time : latest));
}

/** For comparing times as text: without its Z, one is less than the same with a longer fraction. */
export function bare(time: string): string {
  return time.slice(0, -1);
}
