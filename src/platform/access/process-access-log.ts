import { writeSync } from 'node:fs';
import { v7 as uuidv7 } from 'uuid';
import { Fault } from '../fault.js';
import { errorCode } from '../files/system-error.js';
import { AccessLog, type ExportBegin, type ExportEnd } from './access-log.js';
import { AccessFault } from './api-keys.js';

const TIMEOUT_MS = 5_000;
const PAUSE_MS = 5;

/**
 * Writes a line to standard error synchronously, independent of the logger's buffer and level.
 *
 * @throws the operating system's error if it cannot be written
 */
function writeLine(line: string): void {
  const bytes = Buffer.from(`${line}\n`);
  const until = Date.now() + TIMEOUT_MS;
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(2, bytes, at);
    } catch (error) {
      // EAGAIN: a pipe is full because its reader is slow.
      if (errorCode(error) !== 'EAGAIN' || Date.now() > until) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}

/**
 * The access log as lines on standard error, for a database that is read-only. They are written at every log level. If a line
 * cannot be written, there is no export.
 */
export class ProcessAccessLog extends AccessLog {
  // Async, so that an error is a rejection, as in the other implementation.
  override async begin({ who, via, filter }: ExportBegin): Promise<string> {
    const id = uuidv7();
    await write({ access_log: 'begin', id, who, via, filter });
    return id;
  }

  override async end(id: string, { outcome, samples, bytes, sha256 }: ExportEnd): Promise<void> {
    await write({ access_log: 'end', id, outcome, samples, bytes, sha256 });
  }

  override find(): Promise<never> {
    return Promise.reject(new NotReadBack());
  }

  override list(): Promise<never> {
    return Promise.reject(
      new AccessFault(
        'the database is read-only, so the access log is not in it: look for "access_log" in the log of the server, and in the standard error of commands',
      ),
    );
  }
}

class NotReadBack extends Fault {
  constructor() {
    super(
      'export-not-found',
      'the database is read-only, so the access log is not in it: look for the id in the log of the server, beside "access_log"',
    );
  }
}

function write(entry: object): Promise<void> {
  return new Promise((resolve) => {
    writeLine(JSON.stringify({ level: 'info', time: new Date().toISOString(), ...entry }));
    resolve();
  });
}
