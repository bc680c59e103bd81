import {
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiBearerAuth, ApiExtension } from '@nestjs/swagger';
import { type Request } from 'express';
import { type Scope } from '../access/key.js';
import { AccessControl } from './access-control.js';
import { KEYS_UNAVAILABLE } from './problem.js';
import { apiProblems, type ProblemExample } from './problem.openapi.js';

/** The metadata that the guard reads: the scope that a route needs, or `NO_SCOPE`. */
const SCOPE = 'ground-truth:scope';
const NO_SCOPE = null;

/** The name of the security scheme in the OpenAPI document. */
export const API_KEY = 'api_key';

/** Declares the scope that a key needs, for a route or for all routes of a controller. */
export function RequiresScope(scope: Scope): ClassDecorator & MethodDecorator {
  return applyDecorators(
    SetMetadata(SCOPE, scope),
    ApiBearerAuth(API_KEY),
    ApiExtension('x-scope', scope),
    ...apiProblems(ADDRESSES[scope], accessProblems(scope)),
  );
}

/** The `instance` in the examples of problems. */
const ADDRESSES: Record<Scope, string> = {
  export: '/api/v1/ground-truth/export',
  review: '/api/v1/jobs',
  ingest: '/api/v1/jobs',
  metrics: '/metrics',
  admin: '/api/v1',
};

function accessProblems(scope: Scope): ProblemExample[] {
  const other = scope === 'export' ? 'ingest' : 'export';
  return [
    [
      'key-missing',
      'send a key in the header Authorization: Bearer KEY; create one with ground-truth api-key create',
    ],
    ['key-invalid', 'the key has expired; ask for a new one'],
    ['scope-missing', `this needs a key with the scope ${scope}; this one has ${other}`],
    ['too-many-requests', 'more than 6000 requests a minute; try again in 12 seconds'],
    ['keys-unavailable', KEYS_UNAVAILABLE],
  ];
}

/** Declares that a route needs no key. A route with neither decorator refuses all requests. */
export function OpenToAll(): ClassDecorator & MethodDecorator {
  return SetMetadata(SCOPE, NO_SCOPE);
}

/** Runs before every route. */
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
    if (scope === undefined) throw new Error('the route has neither @RequiresScope nor @OpenToAll');
    if (scope !== NO_SCOPE) await this.control.admit(context.switchToHttp().getRequest<Request>(), scope);
    return true;
  }
}
