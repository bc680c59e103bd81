import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { exportText } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { MARKER } from '../setup/log-watch.js';
import { startServer, type TestServer } from '../setup/server.js';

const MAX_EXPORTS = 20;
const EXPORT = '/api/v1/ground-truth/export?approved_only=false';

describe('a streamed export', () => {
  let database: TestDatabase;
  let server: TestServer;

  beforeAll(async () => {
    database = await createTestDatabase();
    await database.query(`
      insert into jobs (filename, source_kind, result, created_at)
      select '${MARKER}' || n, 'pdf', json_build_object('text', '${MARKER}' || (select string_agg(md5(n::text || i), '') from generate_series(1, 64) as i)), '2025-01-01Z'::timestamptz + n * interval '1 second'
      from generate_series(1, 10000) as n
    `);
    server = await startServer({
      DATABASE_URL: database.url,
      GROUND_TRUTH_MAX_EXPORTS: String(MAX_EXPORTS),
      GROUND_TRUTH_POOL_SIZE: String(MAX_EXPORTS + 2),
      GROUND_TRUTH_EXPORT_STALL_SECONDS: '2',
    });
  });
  afterAll(async () => {
    await server.stop();
    await database.drop();
  });

  const countExports = async () =>
    (
      await database.query(
        `select from pg_stat_activity where query like 'copy%' and state = 'active' and datname = current_database()`,
      )
    ).length;

  it('is ended for a client that stops reading, and frees its database connection', async () => {
    const sockets = Array.from({ length: MAX_EXPORTS }, connectAndAsk);
    const closed = sockets.map((socket) => once(socket, 'close').catch((error: unknown) => error));
    while ((await countExports()) === 0) await sleep(20);
    while ((await countExports()) > 0) await sleep(50);
    for (const socket of sockets) socket.resume();
    await Promise.all(closed);
    expect((await exportOnceFree()).status).toBe(200);
  });

  it('frees all database connections when 200 clients go away, early or late', async () => {
    const leave = async (n: number) => {
      const socket = connectAndAsk();
      // Some before they are served, some after the first bytes, some in the middle. One that is refused is gone as well.
      if (n % 4 === 0) await sleep(n % 10);
      else {
        let bytes = 0;
        for await (const chunk of socket) if ((bytes += (chunk as Buffer).length) >= (n % 4) * 300_000) break;
      }
      socket.destroy();
    };
    for (let i = 0; i < 10; i++) {
      await Promise.all(Array.from({ length: MAX_EXPORTS }, (_, n) => leave(MAX_EXPORTS * i + n)));
      // What has gone is not always known to have gone yet.
      while ((await countExports()) > 0) await sleep(20);
    }
    // As many are served at once as may, once the server knows that all have gone.
    const allServed = async () => {
      const responses = await Promise.all(
        Array.from({ length: MAX_EXPORTS }, async () => fetch(server.url + EXPORT)),
      );
      await Promise.all(responses.map(async ({ body }) => body!.cancel()));
      return responses.every(({ status }) => status === 200);
    };
    while (!(await allServed())) await sleep(100);
    const whole = Buffer.from(await exportText(database.dataSource));
    const body = await (await exportOnceFree()).arrayBuffer();
    expect(Buffer.from(body).equals(whole)).toBe(true);
  });

  /** The server learns a moment after the database that an export is over. */
  async function exportOnceFree(): Promise<Response> {
    for (;;) {
      const response = await fetch(server.url + EXPORT);
      if (response.status !== 503) return response;
      await response.body!.cancel();
      await sleep(20);
    }
  }

  /** A client that reads nothing yet. */
  function connectAndAsk(): Socket {
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`GET ${EXPORT} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    return socket.pause();
  }
});
