import { Global, Module } from '@nestjs/common';
import { Env } from './env.js';

/** Gives every module the validated environment. */
@Global()
@Module({
  providers: [{ provide: Env, useFactory: () => Env.read() }],
  exports: [Env],
})
export class ConfigModule {}
