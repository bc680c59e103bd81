import { v7 as uuidv7 } from 'uuid';
import { AccessFault } from './access-fault.js';
import { AccessLog, type ExportBegin, type ExportEnd } from './access-log.js';

/** Takes an entry to where the process keeps its log, which says when it was written. */
export type WriteEntry = (entry: object) => void;

/** The log among the lines of the process itself, for a database that is only read. */
export class ProcessAccessLog extends AccessLog {
  constructor(private readonly write: WriteEntry) {
    super();
  }

  override begin({ who, via, filter }: ExportBegin): Promise<string> {
    const id = uuidv7();
    this.write({ access_log: 'begin', id, who, via, filter });
    return Promise.resolve(id);
  }

  override end(id: string, { outcome, samples, bytes, sha256 }: ExportEnd): Promise<void> {
    this.write({ access_log: 'end', id, outcome, samples, bytes, sha256 });
    return Promise.resolve();
  }

  override list(): Promise<never> {
    return Promise.reject(
      new AccessFault(
        'the database is only read, so the access log is not in it: look for "access_log" in the log of the server, and in the standard error of commands',
      ),
    );
  }
}
