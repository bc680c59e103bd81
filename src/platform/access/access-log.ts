/** How an export ended. */
export type ExportOutcome =
  | 'complete'
  | 'reader_gone'
  | 'reader_stalled'
  | 'key_revoked'
  | 'key_expired'
  | 'shutdown'
  | 'interrupted'
  | 'failed';

/** An export that is about to begin. */
export interface ExportBegin {
  /** The name of the key, or of the user who runs the command. */
  readonly who: string;
  readonly via: 'http' | 'cli';
  /** What was asked for, by the names of the parameters; times are RFC 3339. */
  readonly filter: Readonly<Record<string, string | number | boolean>>;
}

/** What became of it. */
export interface ExportEnd {
  readonly outcome: ExportOutcome;
  readonly samples: number;
  /** Before compression, as the digest counts them too. */
  readonly bytes: number;
  /** Of what was handed on, in hexadecimal digits. */
  readonly sha256: string;
}

/** An export as it is listed. Times are RFC 3339. Without an outcome it runs, or died with its process. */
export type LoggedExport = { readonly id: string; readonly began_at: string } & ExportBegin &
  (
    | ({ readonly ended_at: string } & ExportEnd)
    | {
        readonly ended_at: null;
        readonly outcome: null;
        readonly samples: null;
        readonly bytes: null;
        readonly sha256: null;
      }
  );

/** Who exported what, and when: written before the first byte, and never changed. */
export abstract class AccessLog {
  /** @returns the id for `end` */
  abstract begin(begin: ExportBegin): Promise<string>;

  /** Once for each id. */
  abstract end(id: string, end: ExportEnd): Promise<void>;

  /**
   * The newest first.
   *
   * @throws AccessFault where the log cannot be read back
   */
  abstract list(limit: number): Promise<LoggedExport[]>;
}
