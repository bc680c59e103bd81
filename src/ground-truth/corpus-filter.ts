/** Which samples a corpus has. Times are microseconds since the Unix epoch. */
export interface CorpusFilter {
  readonly approved_only: boolean;
  readonly since?: bigint;
  readonly until?: bigint;
  readonly has_corrections?: boolean;
  readonly limit?: number;
}

/** What the program itself can select by besides; nobody is asked for it. */
export interface JobFilter extends CorpusFilter {
  /** A UUID: only that job. */
  readonly id?: string;
}
