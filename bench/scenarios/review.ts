import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import pg from 'pg';
import { type Context, type Measurement, secondsOf } from '../measurement.js';
import { type Server, startServer } from '../processes.js';

const TRIES = 50;
const ROWS = 1_000;
const FEW_ROWS = 10;
const JOB = '00000000-0000-7000-8000-0000000be4c0';
const SMALL_JOB = '00000000-0000-7000-8000-0000000be4c1';

/** One correction, in a small and in a large document, and a whole corrected table with a row more and two cells changed. */
export async function review(context: Context): Promise<Measurement[]> {
  const server = await startServer(context);
  const agent = new Agent({ keepAlive: true });
  const call = (method: string, path: string, body: string) => send(server, agent, method, path, body);
  try {
    const rows = Array.from({ length: ROWS }, (_, n) => row(n, 'BINTARA'));
    const create = (job_id: string, personel: readonly object[]) =>
      call(
        'POST',
        '/jobs',
        JSON.stringify({ job_id, filename: 'bench.pdf', source_kind: 'pdf', result: { personel } }),
      );
    const correct = async (job: string) => {
      const seconds: number[] = [];
      for (let n = 0; n < TRIES; n++) {
        const body = JSON.stringify({
          field_path: `personel[${n % FEW_ROWS}].nama`,
          new_value: `CORRECTED ${n}`,
        });
        seconds.push(await secondsOf(() => call('POST', `/jobs/${job}/corrections`, body)));
      }
      return seconds;
    };
    await create(JOB, rows);
    await create(SMALL_JOB, rows.slice(0, FEW_ROWS));
    const inSmall = await correct(SMALL_JOB);
    const inLarge = await correct(JOB);
    const result: number[] = [];
    for (let n = 0; n < TRIES; n++) {
      rows.splice(ROWS / 2, 0, row(ROWS + n, 'PERWIRA'));
      rows[100 + n]!.nama = `A${n}`;
      rows[800 + n]!.jabatan = `B${n}`;
      const body = JSON.stringify({ personel: rows });
      result.push(await secondsOf(() => call('PUT', `/jobs/${JOB}/result`, body)));
    }
    return [
      { name: `one correction, ${FEW_ROWS} rows`, seconds: inSmall },
      { name: 'one correction, 1,000 rows', seconds: inLarge },
      { name: 'a corrected table of 1,000 rows', seconds: result },
    ];
  } finally {
    agent.destroy();
    await server.stop();
    await takeAway(context);
  }
}

function row(n: number, pangkat: string) {
  return {
    pangkat,
    nrp: String(70_000_000 + n),
    nama: `NAMA ${n}`,
    jabatan: 'BANIT SATLANTAS',
    keterangan: null,
  };
}

/** Numbers of what was refused are worth nothing. */
async function send(server: Server, agent: Agent, method: string, path: string, body: string): Promise<void> {
  const asked = request(`${server.url}/api/v1${path}`, {
    method,
    agent,
    headers: { 'content-type': 'application/json', 'x-user-id': 'bench' },
  });
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const answer = await buffer(response);
  if (response.statusCode !== 201) throw new Error(`${method} ${path}: ${answer.toString()}`);
}

/** The other scenarios count the jobs. */
async function takeAway({ url }: Context): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('delete from jobs where id = any ($1)', [[JOB, SMALL_JOB]]);
  } finally {
    await client.end();
  }
}
