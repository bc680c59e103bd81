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
    expect((await fetch(server.url + EXPORT)).status).toBe(200);
  });

  it('frees all database connections when 200 clients go away, early or late', async () => {
    const leave = async (n: number) => {
      const socket = connectAndAsk();
      // Some before they are served, some after the first bytes, some in the middle.
      if (n % 4 === 0) await sleep(n % 10);
      else for (let bytes = 0; bytes < (n % 4) * 300_000;) bytes += await readSome(socket);
      socket.destroy();
    };
    for (let i = 0; i < 10; i++) {
      await Promise.all(Array.from({ length: MAX_EXPORTS }, (_, n) => leave(MAX_EXPORTS * i + n)));
      // What has gone is not always known to have gone yet.
      while ((await countExports()) > 0) await sleep(20);
    }
    // As many serve at once as may.
    const readers = Array.from({ length: MAX_EXPORTS }, connectAndAsk);
    while ((await countExports()) < readers.length) await sleep(20);
    for (const reader of readers) reader.destroy();
    const whole = Buffer.from(await exportText(database.dataSource));
    const body = await (await fetch(server.url + EXPORT)).arrayBuffer();
    expect(Buffer.from(body).equals(whole)).toBe(true);
  });

  /** A client that reads nothing yet. */
  function connectAndAsk(): Socket {
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`GET ${EXPORT} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    return socket.pause();
  }
});

/** How many bytes came with the next read. */
async function readSome(socket: Socket): Promise<number> {
  const [bytes] = (await once(socket.resume(), 'data')) as [Buffer];
  socket.pause();
  return bytes.length;
}
