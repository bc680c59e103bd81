import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Env } from '../config/env.js';
import { ApiKeyRow } from '../database/entities/access.entity.js';
import { GroundTruthDataSource } from '../database/ground-truth-data-source.js';
import { AccessLog } from './access-log.js';
import { ApiKeysFile } from './api-keys-file.js';
import { ApiKeys } from './api-keys.js';
import { DatabaseApiKeys } from './database-api-keys.js';
import { FallbackAccessLog } from './fallback-access-log.js';
import { ProcessAccessLog } from './process-access-log.js';

/** Provides the API keys and the access log to every module. The environment decides where they are stored. */
@Global()
@Module({
  imports: [TypeOrmModule.forFeature([ApiKeyRow])],
  providers: [
    DatabaseApiKeys,
    {
      provide: ApiKeys,
      inject: [Env, DatabaseApiKeys],
      useFactory: (env: Env, keys: DatabaseApiKeys): ApiKeys =>
        env.hasExternalRelations ? new ApiKeysFile(env.GROUND_TRUTH_KEYS_FILE) : keys,
    },
    { provide: AccessLog, inject: [Env, GroundTruthDataSource], useFactory: accessLog },
  ],
  exports: [ApiKeys, AccessLog],
})
export class AccessModule {}

function accessLog(env: Env, dataSource: GroundTruthDataSource): AccessLog {
  if (env.hasExternalRelations) return new ProcessAccessLog();
  const { ofAccessLog } = env;
  return new FallbackAccessLog(ofAccessLog ? dataSource.to(ofAccessLog) : dataSource, {
    isApart: ofAccessLog !== undefined,
    acceptsProcess: env.GROUND_TRUTH_ACCESS_LOG === 'process',
  });
}
