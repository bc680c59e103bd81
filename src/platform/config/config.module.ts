import { type DynamicModule, Module } from '@nestjs/common';
import { Env } from './env.js';

/** Gives every module the settings of the process, which its caller has read. */
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
