import { printNote } from '../../terminal/print.js';

/** The access log of a command where the database is only read: a line of JSON on standard error. */
export function noteExport(entry: object): void {
  printNote(JSON.stringify({ time: new Date().toISOString(), ...entry }));
}
