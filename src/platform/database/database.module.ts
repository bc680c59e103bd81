import { type DynamicModule, Module } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { Env } from '../config/env.js';
import { type DataSourceSettings, GroundTruthDataSource } from './ground-truth-data-source.js';

export interface DatabaseModuleOptions extends DataSourceSettings {
  /**
   * `on-demand`: the first use of the database initialises the data source, so that `--help` starts no server.
   */
  readonly connect: 'at-start' | 'on-demand';
}

/** Provides the data source to every module. Closing the application closes its connections. */
@Module({})
export class DatabaseModule {
  static forRoot({ connect, ...settings }: DatabaseModuleOptions): DynamicModule {
    let dataSource: GroundTruthDataSource;
    return {
      module: DatabaseModule,
      global: true,
      imports: [
        TypeOrmModule.forRootAsync({
          inject: [Env],
          useFactory: (env: Env) => {
            dataSource = new GroundTruthDataSource(env, settings);
            const manualInitialization = connect === 'on-demand';
            // The first failure ends the start, and the caller reports it. A retry would log it with its stack.
            return { type: 'postgres', manualInitialization, toRetry: () => false };
          },
          dataSourceFactory: () => Promise.resolve(dataSource),
        }),
      ],
      providers: [{ provide: GroundTruthDataSource, useExisting: getDataSourceToken() }],
      exports: [GroundTruthDataSource],
    };
  }
}
