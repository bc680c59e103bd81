import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Env } from '../config/env.js';
import { AccessLogEntry, AccessLogOutcome, ApiKeyRow } from '../database/entities/access.entity.js';
import { AccessLog } from './access-log.js';
import { ApiKeysFile } from './api-keys-file.js';
import { ApiKeys } from './api-keys.js';
import { DatabaseAccessLog } from './database-access-log.js';
import { DatabaseApiKeys } from './database-api-keys.js';
import { ProcessAccessLog } from './process-access-log.js';

/** Provides the API keys and the access log to every module. The environment decides where they are stored. */
@Global()
@Module({
  imports: [TypeOrmModule.forFeature([ApiKeyRow, AccessLogEntry, AccessLogOutcome])],
  providers: [
    DatabaseApiKeys,
    {
      provide: ApiKeys,
      inject: [Env, DatabaseApiKeys],
      useFactory: (env: Env, keys: DatabaseApiKeys): ApiKeys =>
        env.isReadOnly ? new ApiKeysFile(env.GROUND_TRUTH_KEYS_FILE) : keys,
    },
    DatabaseAccessLog,
    {
      provide: AccessLog,
      inject: [Env, DatabaseAccessLog],
      useFactory: (env: Env, log: DatabaseAccessLog): AccessLog =>
        env.isReadOnly ? new ProcessAccessLog() : log,
    },
  ],
  exports: [ApiKeys, AccessLog],
})
export class AccessModule {}
