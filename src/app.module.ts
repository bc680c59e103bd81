import { type DynamicModule, Module } from '@nestjs/common';
import { AccessModule } from './access/access.module.js';
import { ConfigModule } from './config/config.module.js';
import { type Env } from './config/env.js';
import { CorpusHttpModule } from './corpus/corpus-http.module.js';
import { DatabaseModule } from './database/database.module.js';
import { GroundTruthHttpModule } from './ground-truth/ground-truth-http.module.js';
import { OperationsModule } from './operations/operations.module.js';

/** The HTTP server. */
@Module({})
export class AppModule {
  /** In somebody else's database nothing is written, so there are no routes that write. */
  static forRoot(env: Env): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule,
        DatabaseModule.forRoot('at-start'),
        AccessModule,
        GroundTruthHttpModule,
        OperationsModule,
        ...(env.isReadOnly ? [] : [CorpusHttpModule]),
      ],
    };
  }
}
