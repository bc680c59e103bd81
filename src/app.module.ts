import { type DynamicModule, type LoggerService, Module } from '@nestjs/common';
import { CorpusHttpModule } from './corpus/http/corpus-http.module.js';
import { GroundTruthHttpModule } from './ground-truth/http/ground-truth-http.module.js';
import { EvaluationsHttpModule } from './measure/http/evaluations-http.module.js';
import { MeasureHttpModule } from './measure/http/measure-http.module.js';
import { AccessModule } from './platform/access/access.module.js';
import { ConfigModule } from './platform/config/config.module.js';
import { type Env } from './platform/config/env.js';
import { DatabaseModule } from './platform/database/database.module.js';
import { SERVER_TIMEOUTS } from './platform/database/watched-client.js';
import { type Authentication } from './platform/http/access-control.js';
import { HttpModule } from './platform/http/http.module.js';
import { OperationsModule } from './platform/operations/operations.module.js';
import { WorkbenchModule } from './workbench/workbench.module.js';

/** The HTTP server. */
@Module({})
export class AppModule {
  /** With external relations the database is read-only, so the routes that write are left out. */
  static forRoot(env: Env, authentication: Authentication, logger: LoggerService): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(env),
        DatabaseModule.forRoot({
          connect: 'at-start',
          silenceTimeouts: SERVER_TIMEOUTS,
          onEvent: ({ message }) => {
            logger.warn(message);
          },
        }),
        AccessModule,
        HttpModule.forRoot(authentication),
        GroundTruthHttpModule,
        EvaluationsHttpModule,
        MeasureHttpModule,
        OperationsModule,
        WorkbenchModule,
        ...(env.hasExternalRelations ? [] : [CorpusHttpModule]),
      ],
    };
  }
}
