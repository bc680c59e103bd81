import { ProcessAccessLog } from './process-access-log.js';

it('writes an entry when an export begins and one when it ends, and says where they are', async () => {
  const entries: object[] = [];
  const log = new ProcessAccessLog((entry) => entries.push(entry));
  const begin = { who: 'nightly', via: 'http', filter: { approved_only: true } } as const;
  const end = { outcome: 'reader_gone', samples: 1, bytes: 200, sha256: 'a'.repeat(64) } as const;
  const id = await log.begin(begin);
  expect(entries).toEqual([{ access_log: 'begin', id, ...begin }]);
  await log.end(id, end);
  expect(entries.slice(1)).toEqual([{ access_log: 'end', id, ...end }]);
  expect(await log.begin(begin)).not.toBe(id);
  await expect(log.list()).rejects.toThrow(/look for "access_log" in the log of the server/);
});
