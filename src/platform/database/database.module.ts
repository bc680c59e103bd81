import { type DynamicModule, Global, Module } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { Env } from '../config/env.js';
import { GroundTruthDataSource } from './ground-truth-data-source.js';

/** Gives every module the data source; destroying the application gives the connections back. */
@Global()
@Module({})
export class DatabaseModule {
  /**
   * @param connect `at-start`, or `on-demand`: whoever needs the database initialises the data source, so that asking a
   * command for its help does not start a server
   */
  static forRoot(connect: 'at-start' | 'on-demand'): DynamicModule {
    let dataSource: GroundTruthDataSource;
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRootAsync({
          inject: [Env],
          useFactory: (env: Env) => {
            dataSource = new GroundTruthDataSource(env);
            const manualInitialization = connect === 'on-demand';
            // The first failure ends the start, and whoever started says so: a retry would log it with its stack.
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
