import { type OnApplicationShutdown } from '@nestjs/common';
import { type DatabaseFault, toDatabaseFault } from '../database/database-fault.js';
import { type GroundTruthDataSource } from '../database/ground-truth-data-source.js';
import { Fault } from '../fault.js';
import { AccessLog, type ExportBegin, type ExportEnd, type LoggedExport } from './access-log.js';
import { DatabaseAccessLog } from './database-access-log.js';
import { ProcessAccessLog } from './process-access-log.js';

/** Without an entry there is no export. The message is for the operator. */
class AccessLogUnavailable extends Fault {
  constructor(reason: string) {
    super(
      'access-log-unavailable',
      `${reason}; with GROUND_TRUTH_ACCESS_LOG=process, exports go on, and their entries go to the log of the process`,
    );
  }
}

const NO_PRIMARY =
  'the database can only be read, so the access log cannot be written: set GROUND_TRUTH_ACCESS_LOG_URL to the primary';

/** Faults for which the database of the log cannot take an entry now, whatever the entry is. */
const PASSING: readonly DatabaseFault['kind'][] = ['unavailable', 'read_only', 'disk_full'];

export interface FallbackSettings {
  /** Whether the log is in another database than the jobs. The log then owns its connections. */
  readonly isApart: boolean;
  /** Whether entries may go to the log of the process instead. */
  readonly acceptsProcess: boolean;
}

/** The access log in a database, and in the log of the process where that database cannot be written. */
export class FallbackAccessLog extends AccessLog implements OnApplicationShutdown {
  private readonly database: DatabaseAccessLog;
  private readonly process = new ProcessAccessLog();
  /** The exports whose entries are in the log of the process. */
  private readonly inProcess = new Set<string>();

  constructor(
    private readonly dataSource: GroundTruthDataSource,
    private readonly settings: FallbackSettings,
  ) {
    super();
    this.database = new DatabaseAccessLog(dataSource);
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.settings.isApart) await this.dataSource.destroy();
  }

  /** @throws AccessLogUnavailable */
  override async begin(begin: ExportBegin): Promise<string> {
    try {
      return await this.database.begin(begin);
    } catch (error) {
      const fault = toDatabaseFault(error);
      if (!fault) throw error;
      if (!this.settings.acceptsProcess || !PASSING.includes(fault.kind)) throw this.explain(fault) ?? error;
      const id = await this.process.begin(begin);
      this.inProcess.add(id);
      return id;
    }
  }

  /** What is known of an export that has ended must be written somewhere, whatever the settings. */
  override async end(id: string, end: ExportEnd): Promise<void> {
    if (this.inProcess.delete(id)) {
      await this.process.end(id, end);
      return;
    }
    try {
      await this.database.end(id, end);
    } catch (error) {
      if (!this.settings.isApart || !toDatabaseFault(error)) throw error;
      await this.process.end(id, end);
    }
  }

  override find(id: string): Promise<LoggedExport | undefined> {
    return this.database.find(id);
  }

  override list(limit: number): Promise<LoggedExport[]> {
    return this.database.list(limit);
  }

  /** Undefined if the fault is that of the database of the jobs, and speaks for itself. */
  private explain({ kind, message }: DatabaseFault): AccessLogUnavailable | undefined {
    if (this.settings.isApart)
      return new AccessLogUnavailable(
        `the access log at GROUND_TRUTH_ACCESS_LOG_URL cannot be written: ${message}`,
      );
    return kind === 'read_only' ? new AccessLogUnavailable(NO_PRIMARY) : undefined;
  }
}
