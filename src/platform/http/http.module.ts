import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessControl } from './access-control.js';
import { AccessGuard } from './access.guard.js';
import { Fallback } from './problem.filter.js';
import { KeyWatch } from './transfers.js';
import { Transfers } from './transfers.js';

/** What controllers share. */
@Module({
  providers: [Transfers, Fallback, AccessControl, KeyWatch, { provide: APP_GUARD, useClass: AccessGuard }],
  exports: [Transfers, AccessControl],
})
export class HttpModule {}
