import { performance } from 'node:perf_hooks';
import { ImportService } from '../../src/corpus/import/import.service.js';
import { generateSamples } from '../../samples/generate.js';
import { withApplication } from '../application.js';
import { type Context, measure, type Measurement, secondsSince } from '../measurement.js';

const BLOCK_SIZE = 64 * 1024;
const SEED = 1;

/** Fills the database by the import service, from the generator: no file in between. */
export async function importCorpus({ jobs }: Context): Promise<Measurement[]> {
  return withApplication(async (app) => {
    const lines = new GeneratedLines(jobs);
    const imported = await measure('import', async () => {
      const { inserted } = await app
        .get(ImportService)
        .import(lines.blocks(), { onConflict: 'fail', acceptDiverged: false });
      if (inserted !== jobs) throw new Error(`${inserted} jobs were imported instead of ${jobs}`);
      return { bytes: lines.bytes, samples: inserted };
    });
    return [imported, { name: 'import: generating its input', seconds: [lines.seconds] }];
  });
}

/** Keeps account of the time that making them takes: it is no part of importing them. */
class GeneratedLines {
  seconds = 0;
  bytes = 0;

  constructor(private readonly count: number) {}

  // What takes blocks as they arrive takes them asynchronously.
  // eslint-disable-next-line @typescript-eslint/require-await
  async *blocks(): AsyncGenerator<Buffer> {
    const lines = generateSamples({ count: this.count, seed: SEED, profile: 'bench' });
    for (;;) {
      const start = performance.now();
      let text = '';
      while (text.length < BLOCK_SIZE) {
        const { value } = lines.next();
        if (value === undefined) break;
        text += `${value}\n`;
      }
      const block = Buffer.from(text);
      this.seconds += secondsSince(start);
      if (block.length === 0) return;
      this.bytes += block.length;
      yield block;
    }
  }
}
