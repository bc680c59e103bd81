import { Global, Module } from '@nestjs/common';
import { Env } from '../config/env.js';
import { GroundTruthDataSource } from '../database/ground-truth-data-source.js';
import { AccessLog } from './access-log.js';
import { ApiKeysFile } from './api-keys-file.js';
import { ApiKeys } from './api-keys.js';
import { DatabaseAccessLog } from './database-access-log.js';
import { DatabaseApiKeys } from './database-api-keys.js';
import { ProcessAccessLog } from './process-access-log.js';

const inject = [Env, GroundTruthDataSource];

/** Gives every module the keys and the log of exports, wherever the environment has them kept. */
@Global()
@Module({
  providers: [
    {
      provide: ApiKeys,
      inject,
      useFactory: (env: Env, dataSource: GroundTruthDataSource): ApiKeys =>
        env.isReadOnly ? new ApiKeysFile(env.GROUND_TRUTH_KEYS_FILE) : new DatabaseApiKeys(dataSource),
    },
    {
      provide: AccessLog,
      inject,
      useFactory: (env: Env, dataSource: GroundTruthDataSource): AccessLog =>
        env.isReadOnly ? new ProcessAccessLog() : new DatabaseAccessLog(dataSource),
    },
  ],
  exports: [ApiKeys, AccessLog],
})
export class AccessModule {}
