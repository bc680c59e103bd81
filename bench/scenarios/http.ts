import { type Context, type Measurement, secondsOf } from '../measurement.js';
import { discardCorpus } from '../discard.js';
import { startServer } from '../processes.js';

/** The corpus over loopback, from the request to its last byte, to a reader in another process that discards it. */
export async function http(context: Context): Promise<Measurement[]> {
  const server = await startServer(context);
  try {
    const before = server.memory();
    let bytes = 0;
    const seconds = await secondsOf(async () => {
      bytes = await discardCorpus(server, { approved_only: 'false' });
    });
    const after = server.memory();
    return [
      {
        name: 'http',
        seconds: [seconds],
        bytes,
        samples: context.jobs,
        ...(before && { rssBefore: before.now }),
        ...(after && { peakRss: after.peak }),
      },
    ];
  } finally {
    await server.stop();
  }
}
