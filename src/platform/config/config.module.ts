import { type DynamicModule, Module } from '@nestjs/common';
import { Env } from './env.js';

/** Provides the settings of the process to every module. */
@Module({})
export class ConfigModule {
  static forRoot(env: Env): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: Env, useValue: env }],
      exports: [Env],
    };
  }
}
