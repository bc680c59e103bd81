import pg from 'pg';
import { type Context, measure, type Measurement } from '../measurement.js';

const JOBS = `
  select id, filename, source_kind, approved, reviewed_by, reviewed_at, created_at, result, review_flags, confidence
  from jobs order by created_at, id`;

const CORRECTIONS = `
  select job_id, field_path, op, old_value, new_value, position, corrected_by, reason, corrected_at
  from job_corrections order by job_id, corrected_at, id`;

/** Walking the indexes is the cheapest way to both orders; a sort would write the documents to disk first. */
const SETTINGS = 'set jit = off; set enable_sort = off; set max_parallel_workers_per_gather = 0';

/** What it takes to have the rows in this process, in order, and to do nothing with them. */
export async function floor({ url, jobs }: Context): Promise<Measurement[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(SETTINGS);
    return [
      await measure('floor', async () => {
        const bytes = (await discard(client, JOBS)) + (await discard(client, CORRECTIONS));
        return { bytes, samples: jobs };
      }),
    ];
  } finally {
    await client.end();
  }
}

/** The driver hands over each row, as it does to the export. */
function discard(client: pg.Client, query: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    client.query({
      submit(connection: pg.Connection) {
        connection.query(`copy (${query}) to stdout (format binary)`);
      },
      handleCopyData({ chunk }: { chunk: Buffer }) {
        bytes += chunk.length;
      },
      handleCommandComplete() {
        // Its row count is not needed.
      },
      handleReadyForQuery() {
        resolve(bytes);
      },
      handleError: reject,
    });
  });
}
