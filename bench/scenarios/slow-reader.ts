import { type IncomingMessage } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Context, type Measurement, secondsSince } from '../measurement.js';
import { startServer } from '../processes.js';
import { requestCorpus } from '../requests.js';

const BYTES_PER_SECOND = 1_000_000;
const SECONDS = 15;
/** By then the buffers between the two processes are full. */
const SETTLED_AFTER_SECONDS = 5;

/** What the server holds while somebody reads slowly: its most in the first seconds, and in those after. */
export async function slowReader(context: Context): Promise<Measurement[]> {
  const server = await startServer(context);
  try {
    const body = await requestCorpus(server, { approved_only: 'false' });
    const most = { early: 0, late: 0 };
    const start = performance.now();
    const elapsed = () => secondsSince(start);
    const bytes = await readSlowly(body, elapsed, () => {
      const phase = elapsed() < SETTLED_AFTER_SECONDS ? 'early' : 'late';
      most[phase] = Math.max(most[phase], server.memory()?.now ?? 0);
    });
    const measurement = { name: 'slow reader', seconds: [elapsed()], bytes };
    // A corpus that is read within the first seconds shows nothing, nor does a system that does not tell.
    return [most.late === 0 ? measurement : { ...measurement, rssBefore: most.early, peakRss: most.late }];
  } finally {
    await server.stop();
  }
}

async function readSlowly(body: IncomingMessage, elapsed: () => number, onRead: () => void): Promise<number> {
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    onRead();
    const ahead = bytes / BYTES_PER_SECOND - elapsed();
    if (ahead > 0) await sleep(ahead * 1000);
    if (elapsed() >= SECONDS) break;
  }
  return bytes;
}
