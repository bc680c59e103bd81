import { Controller, Get, Header, Query, Req } from '@nestjs/common';
import { type Request } from 'express';
import { type Scope, SCOPES } from '../access/key.js';
import { Env } from '../config/env.js';
import { findDatabaseMode } from '../database/database-mode.js';
import { GroundTruthDataSource } from '../database/ground-truth-data-source.js';
import { requesterOf } from '../http/access-control.js';
import { RequiresScope } from '../http/access.guard.js';
import { NoParametersPipe } from '../parameters/read-dto.js';
import { DescribeAccess, DescribeMonitoring } from './operations.openapi.js';

/** What whoever asks may do, for clients that show only what will succeed. */
export interface Access {
  readonly authentication: 'key' | 'none';
  /** Of the key. */
  readonly name: string | null;
  readonly scopes: readonly Scope[];
  readonly read_only: boolean;
  readonly external: boolean;
}

@DescribeMonitoring()
@Controller()
export class AccessController {
  constructor(
    private readonly env: Env,
    private readonly dataSource: GroundTruthDataSource,
  ) {}

  @DescribeAccess()
  @RequiresScope(...SCOPES)
  @Get('access')
  @Header('Cache-Control', 'no-store')
  async find(@Query(NoParametersPipe) _none: unknown, @Req() request: Request): Promise<Access> {
    const requester = requesterOf(request);
    const external = this.env.hasExternalRelations;
    return {
      authentication: requester ? 'key' : 'none',
      name: requester?.name ?? null,
      scopes: requester?.scopes ?? ['admin'],
      read_only: external || (await findDatabaseMode(this.dataSource)).mode !== 'read-write',
      external,
    };
  }
}
