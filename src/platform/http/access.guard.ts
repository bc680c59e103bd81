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

/** The metadata that the guard reads: the scopes of which a route needs one, or `NO_SCOPE`. */
const SCOPE = 'ground-truth:scope';
const NO_SCOPE = null;

/** The name of the security scheme in the OpenAPI document. */
export const API_KEY = 'api_key';

/** Declares the scope that a key needs, for a route or for all routes of a controller; if there are several, one of them. */
export function RequiresScope(scope: Scope, ...others: Scope[]): ClassDecorator & MethodDecorator {
  const scopes = [scope, ...others];
  return applyDecorators(
    SetMetadata(SCOPE, scopes),
    ApiBearerAuth(API_KEY),
    ApiExtension('x-scope', others.length === 0 ? scope : scopes),
    ...apiProblems(ADDRESSES[scope], accessProblems(scopes)),
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

function accessProblems(scopes: readonly Scope[]): ProblemExample[] {
  const other = scopes.includes('export') ? 'ingest' : 'export';
  return [
    [
      'key-missing',
      'send a key in the header Authorization: Bearer KEY; create one with ground-truth api-key create',
    ],
    ['key-invalid', 'the key has expired; ask for a new one'],
    ['scope-missing', `this needs a key with the scope ${scopes.join(' or ')}; this one has ${other}`],
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
    const scopes = this.reflector.getAllAndOverride<readonly Scope[] | typeof NO_SCOPE | undefined>(SCOPE, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (scopes === undefined) throw new Error('the route has neither @RequiresScope nor @OpenToAll');
    if (scopes !== NO_SCOPE) await this.control.admit(context.switchToHttp().getRequest<Request>(), scopes);
    return true;
  }
}
