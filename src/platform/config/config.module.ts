import { type DynamicModule, Module } from '@nestjs/common';
import { Threads } from '../threads.js';
import { Env } from './env.js';

/** Provides the settings of the process, and its worker threads, to every module. */
@Module({})
export class ConfigModule {
  static forRoot(env: Env): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: Env, useValue: env }, Threads],
      exports: [Env, Threads],
    };
  }
}
