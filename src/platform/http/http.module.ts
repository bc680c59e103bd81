import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { AccessControl, AUTHENTICATION, type Authentication } from './access-control.js';
import { AccessGuard } from './access.guard.js';
import { Fallback, ProblemFilter } from './problem.filter.js';
import { KeyWatch, Transfers } from './transfers.js';

/** Provides what controllers share: the guard for every route, problems, and transfers. */
@Module({})
export class HttpModule {
  static forRoot(authentication: Authentication): DynamicModule {
    return {
      module: HttpModule,
      global: true,
      providers: [
        { provide: AUTHENTICATION, useValue: authentication },
        AccessControl,
        { provide: APP_GUARD, useClass: AccessGuard },
        ProblemFilter,
        { provide: APP_FILTER, useExisting: ProblemFilter },
        Fallback,
        KeyWatch,
        Transfers,
      ],
      exports: [Transfers, AccessControl],
    };
  }
}
