import { describeEnd } from './server-process.js';

const line = (pid: number, text: string): string => `2026-01-01 00:00:00.000 UTC [${pid}] ${text}`;

describe('describeEnd', () => {
  it('takes the last line of the server itself', () => {
    const log = [
      line(7, 'FATAL:  role "x" does not exist'),
      line(5, 'FATAL:  data directory is bad'),
      line(7, 'LOG:  bye'),
    ];
    expect(describeEnd(1, 5, log.join('\n'))).toEqual({
      code: 1,
      reason: 'data directory is bad',
      isConflict: false,
    });
  });

  it('prefers the panic of a child process to the server’s last line', () => {
    const log = [
      line(6, 'PANIC:  could not write to file: No space left on device'),
      line(5, 'LOG:  aborting startup due to startup process failure'),
    ];
    expect(describeEnd(1, 5, log.join('\n')).reason).toBe('could not write to file: No space left on device');
  });

  it('ignores messages to clients', () => {
    const log = [
      line(5, 'LOG:  invalid checkpoint record'),
      line(8, 'FATAL:  the database system is starting up'),
    ];
    expect(describeEnd(1, 5, log.join('\n')).reason).toBe('invalid checkpoint record');
  });

  it.each([
    'lock file "postmaster.pid" already exists',
    'pre-existing shared memory block (key 1, ID 2) is still in use',
    'could not bind Unix address "/x/.s.PGSQL.5432": Address already in use',
  ])('recognises that another server is running: %s', (text) => {
    expect(describeEnd(1, 5, line(5, `FATAL:  ${text}`)).isConflict).toBe(true);
    expect(describeEnd(1, 5, line(9, `FATAL:  ${text}`)).isConflict).toBe(false);
  });

  it('takes a line of the loader unchanged, and has no reason if the log is empty', () => {
    expect(describeEnd(127, 5, 'postgres: libssl.so.1.1: cannot open\n').reason).toBe(
      'postgres: libssl.so.1.1: cannot open',
    );
    expect(describeEnd(1, 5, '').reason).toBeUndefined();
  });
});
