import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type Request } from 'express';
import { type Scope } from '../access/key.js';
import { AccessControl } from './access-control.js';
import { NO_SCOPE, SCOPE } from './requires-scope.js';

/** Stands before every route. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly control: AccessControl,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const scope = this.reflector.getAllAndOverride<Scope | typeof NO_SCOPE | undefined>(SCOPE, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (scope === undefined)
      throw new Error('the route says neither which scope it needs nor that it needs none');
    if (scope !== NO_SCOPE) await this.control.admit(context.switchToHttp().getRequest<Request>(), scope);
    return true;
  }
}
