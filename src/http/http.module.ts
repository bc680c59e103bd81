import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessControl } from './access-control.js';
import { AccessGuard } from './access.guard.js';
import { Fallback } from './fallback.js';
import { KeyWatch } from './key-watch.js';
import { Transfers } from './transfers.js';

/** What controllers share. */
@Module({
  providers: [Transfers, Fallback, AccessControl, KeyWatch, { provide: APP_GUARD, useClass: AccessGuard }],
  exports: [Transfers, AccessControl],
})
export class HttpModule {}
