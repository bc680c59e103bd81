import 'reflect-metadata';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { generateSamples } from '../samples/generate.js';
import { CorpusModule } from '../src/corpus/corpus.module.js';
import { ImportService } from '../src/corpus/import/import.service.js';
import { ExportService } from '../src/ground-truth/export.service.js';
import { GroundTruthModule } from '../src/ground-truth/ground-truth.module.js';
import { RecordedExportService } from '../src/ground-truth/recorded-export.service.js';
import { AccessModule } from '../src/platform/access/access.module.js';
import { Env } from '../src/platform/config/env.js';
import { ConfigModule } from '../src/platform/config/config.module.js';
import { DatabaseModule } from '../src/platform/database/database.module.js';
import { type Measurement, measure, secondsOfEach, secondsSince } from './measurement.js';
import { type Context } from './scenarios.js';

/** The services without HTTP and without commands, on the database at DATABASE_URL. */
@Module({
  imports: [
    ConfigModule.forRoot(Env.read()),
    DatabaseModule.forRoot({ connect: 'at-start' }),
    AccessModule,
    GroundTruthModule,
    CorpusModule,
  ],
})
class BenchModule {}

async function withServices(
  work: (app: INestApplicationContext) => Promise<Measurement[]>,
): Promise<Measurement[]> {
  const app = await NestFactory.createApplicationContext(BenchModule, { logger: ['fatal', 'error'] });
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

/** Exports everything and discards it; `recorded` also writes the access log, with the digest. */
export function exportAll(name: 'service' | 'recorded'): Promise<Measurement[]> {
  return withServices(async (app) => {
    const all = { approved_only: false };
    const by = { who: 'bench', via: 'cli' } as const;
    const recorded = name === 'recorded' ? await app.get(RecordedExportService).begin(by, all) : undefined;
    const corpus = recorded?.corpus ?? app.get(ExportService).export(all);
    const measured = await measure(name, async () => {
      let bytes = 0;
      for await (const block of recorded ?? corpus) bytes += block.length;
      await recorded?.end('complete');
      return { bytes, samples: corpus.progress.samples };
    });
    return [measured];
  });
}

/** Computes the statistics of the whole database. */
export function statistics(): Promise<Measurement[]> {
  return withServices(async (app) => {
    const exports = app.get(ExportService);
    const measured = async (name: string, collapse_indices: boolean) => ({
      name,
      seconds: await secondsOfEach(3, () => exports.statistics({ top_n: 10, collapse_indices })),
    });
    return [await measured('stats', false), await measured('stats, collapsed', true)];
  });
}

/** Fills the database from the generator of samples, whose time is measured separately. */
export function importCorpus({ jobs }: Context): Promise<Measurement[]> {
  return withServices(async (app) => {
    const generated = { seconds: 0, bytes: 0 };
    const imported = await measure('import', async () => {
      const input = generateBlocks(jobs, generated);
      const options = { onConflict: 'fail', acceptDiverged: false } as const;
      const { inserted } = await app.get(ImportService).import(input, options);
      return { bytes: generated.bytes, samples: inserted };
    });
    return [imported, { name: 'import: generating its input', seconds: [generated.seconds] }];
  });
}

const BLOCK_SIZE = 64 * 1024;

// The import takes an AsyncIterable.
// eslint-disable-next-line @typescript-eslint/require-await
async function* generateBlocks(
  jobs: number,
  generated: { seconds: number; bytes: number },
): AsyncGenerator<Buffer> {
  let start = performance.now();
  let text = '';
  let left = jobs;
  for (const line of generateSamples({ count: jobs, seed: 1, profile: 'bench' })) {
    text += `${line}\n`;
    if (--left > 0 && text.length < BLOCK_SIZE) continue;
    const block = Buffer.from(text);
    generated.seconds += secondsSince(start);
    generated.bytes += block.length;
    yield block;
    text = '';
    start = performance.now();
  }
}
