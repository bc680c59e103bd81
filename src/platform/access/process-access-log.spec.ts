import { ProcessAccessLog } from './process-access-log.js';

it('reports where its entries are', async () => {
  await expect(new ProcessAccessLog().list()).rejects.toThrow(
    /look for "access_log" in the log of the server/,
  );
});
