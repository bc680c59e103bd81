/** What became of one kind of request. */
export interface Count {
  /** Of those that were answered as they should be, in seconds. */
  readonly seconds: number[];
  /** Refusals and breaks that were asked for. */
  provoked: number;
  unprovoked: number;
}

/** An answer that nobody asked for. It has been counted already. */
export class Unexpected extends Error {
  override readonly name = 'Unexpected';
}

const MAX_EXAMPLES = 5;

/** Counts what happens, by kind. Holds nothing of any document. */
export class Tally {
  readonly kinds = new Map<string, Count>();
  /** What was wrong, how often, and what was said the first few times. */
  readonly faults = new Map<string, { count: number; examples: string[] }>();
  samples = 0;
  bytes = 0;
  /** Exports that came to their end, by the digest of what came. */
  readonly digests: string[] = [];
  /** Exports that were cut from behind. */
  cuts = 0;

  /** As it should be. */
  answered(kind: string, seconds: number): void {
    this.of(kind).seconds.push(seconds);
  }

  /** Refused or broken off, as it should be. */
  provoked(kind: string, seconds: number): void {
    this.answered(kind, seconds);
    this.of(kind).provoked++;
  }

  fault(kind: string, what: string, example = ''): Unexpected {
    this.of(kind).unprovoked++;
    const name = `${kind}: ${what}`;
    const fault = this.faults.get(name) ?? { count: 0, examples: [] };
    this.faults.set(name, fault);
    fault.count++;
    if (example !== '' && fault.examples.length < MAX_EXAMPLES) fault.examples.push(example);
    return new Unexpected(name);
  }

  exported({ samples, bytes, sha256 }: { samples: number; bytes: number; sha256: string }): void {
    this.samples += samples;
    this.bytes += bytes;
    this.digests.push(sha256);
  }

  private of(kind: string): Count {
    let count = this.kinds.get(kind);
    if (!count) this.kinds.set(kind, (count = { seconds: [], provoked: 0, unprovoked: 0 }));
    return count;
  }
}
