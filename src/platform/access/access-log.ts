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

/** An export that begins. */
export interface ExportBegin {
  /** The name of the key, or of the user who runs the command. */
  readonly who: string;
  readonly via: 'http' | 'cli';
  /** The parameters by name; times are RFC 3339. */
  readonly filter: Readonly<Record<string, string | number | boolean>>;
}

/** The outcome of an export. */
export interface ExportEnd {
  readonly outcome: ExportOutcome;
  readonly samples: number;
  /** Before compression. */
  readonly bytes: number;
  /** Of these bytes, in hexadecimal digits. */
  readonly sha256: string;
}

/** An export in the log. Times are RFC 3339. Without an outcome, it is running or its process died. */
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

/** The log of exports: who exported what, and when. An entry is written before the first byte, and never changed. */
export abstract class AccessLog {
  /** @returns an id, to pass to `end` */
  abstract begin(begin: ExportBegin): Promise<string>;

  /** Records the outcome. Call it once for each id. */
  abstract end(id: string, end: ExportEnd): Promise<void>;

  /**
   * Returns an entry; undefined if there is none with this id. An outcome that this process is writing is waited for.
   *
   * @param id a UUID
   * @throws Fault if the log cannot be read back
   */
  abstract find(id: string): Promise<LoggedExport | undefined>;

  /**
   * Lists the newest exports, newest first.
   *
   * @throws AccessFault if the log cannot be read back
   */
  abstract list(limit: number): Promise<LoggedExport[]>;
}
