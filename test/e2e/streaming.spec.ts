import { once } from 'node:events';
import http from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { exportText } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { type LocalServer, startLocalServer } from '../setup/local-server.js';
import { MARKER } from '../setup/log-watch.js';

/** Samples in a download: several blocks of them. */
const LIMIT = 500;
const EXPORT = '/api/v1/ground-truth/export?approved_only=false';

describe('a streamed export', () => {
  let database: TestDatabase;
  let server: LocalServer;

  beforeAll(async () => {
    database = await createTestDatabase();
    await database.query(`
      insert into jobs (filename, source_kind, result, created_at)
      select '${MARKER}' || n, 'pdf', json_build_object('text', '${MARKER}' || (select string_agg(md5(n::text || i), '') from generate_series(1, 64) as i)), '2025-01-01Z'::timestamptz + n * interval '1 second'
      from generate_series(1, 5000) as n
    `);
    server = await startLocalServer({ DATABASE_URL: database.url });
  });
  afterAll(async () => {
    await server.stop();
    await database.drop();
  });

  async function get(
    encoding: string | undefined,
  ): Promise<{ response: http.IncomingMessage; body: Buffer }> {
    const request = http.get(`${server.url}${EXPORT}&limit=${LIMIT}`, {
      headers: encoding === undefined ? {} : { 'accept-encoding': encoding },
    });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    return { response, body: await buffer(response) };
  }

  it('is compressed where the client prefers gzip, and has the same bytes after decoding', async () => {
    const expected = Buffer.from(await exportText(database.dataSource, { limit: LIMIT }));
    for (const encoding of [undefined, 'identity', 'br', 'gzip;q=0', 'identity, gzip;q=0.5']) {
      const { response, body } = await get(encoding);
      expect([encoding, response.headers['content-encoding'], response.headers.vary]).toEqual([
        encoding,
        undefined,
        'Accept-Encoding',
      ]);
      expect(body.equals(expected)).toBe(true);
    }
    for (const encoding of ['gzip', 'gzip, deflate, br', 'br;q=1, gzip;q=0.8']) {
      const { response, body } = await get(encoding);
      expect([encoding, response.headers['content-encoding'], response.headers.vary]).toEqual([
        encoding,
        'gzip',
        'Accept-Encoding',
      ]);
      expect(body.length).toBeLessThan(expected.length);
      expect(gunzipSync(body).equals(expected)).toBe(true);
    }
  });

  it('is an error for its reader when it fails in the middle, also when compressed', async () => {
    const request = http.get(server.url + EXPORT, { headers: { 'accept-encoding': 'gzip' } });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    // The news may come before anybody reads.
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    const ended = await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where query like 'copy%' and datname = current_database()`,
    );
    expect(ended).toHaveLength(1);
    await expect(buffer(response)).rejects.toThrow();
  });
});
