import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AccessModule } from '../src/platform/access/access.module.js';
import { Env } from '../src/platform/config/env.js';
import { ConfigModule } from '../src/platform/config/config.module.js';
import { CorpusModule } from '../src/corpus/corpus.module.js';
import { DatabaseModule } from '../src/platform/database/database.module.js';
import { GroundTruthModule } from '../src/ground-truth/ground-truth.module.js';

/** Both sides without HTTP and without a terminal, on the database at DATABASE_URL. */
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

/** Gives the services to `work`, and ends what they hold. */
export async function withApplication<Result>(
  work: (app: INestApplicationContext) => Promise<Result>,
): Promise<Result> {
  const app = await NestFactory.createApplicationContext(BenchModule, { logger: ['fatal', 'error'] });
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}
