import { Module } from '@nestjs/common';
import { ConfigModule } from './config/config.module.js';
import { CorpusHttpModule } from './corpus/corpus-http.module.js';
import { DatabaseModule } from './database/database.module.js';
import { GroundTruthHttpModule } from './ground-truth/ground-truth-http.module.js';

/** The HTTP server. */
@Module({
  imports: [ConfigModule, DatabaseModule.forRoot('at-start'), GroundTruthHttpModule, CorpusHttpModule],
})
export class AppModule {}
