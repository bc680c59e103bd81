import { type DynamicModule, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { AccessModule } from './platform/access/access.module.js';
import { ConfigModule } from './platform/config/config.module.js';
import { type Env } from './platform/config/env.js';
import { CorpusHttpModule } from './corpus/http/corpus-http.module.js';
import { DatabaseModule } from './platform/database/database.module.js';
import { GroundTruthDataSource } from './platform/database/ground-truth-data-source.js';
import { GroundTruthHttpModule } from './ground-truth/http/ground-truth-http.module.js';
import { OperationsModule } from './platform/operations/operations.module.js';

/** The HTTP server. */
@Module({})
export class AppModule implements OnApplicationBootstrap {
  constructor(private readonly dataSource: GroundTruthDataSource) {}

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

  /** As the server begins to listen: migrations that it makes before that wait for each other as long as they have to. */
  onApplicationBootstrap(): void {
    this.dataSource.limitSilence();
  }
}
