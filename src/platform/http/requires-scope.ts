import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension } from '@nestjs/swagger';
import { type Scope } from '../access/key.js';
import { KEYS_UNAVAILABLE } from './problem.js';
import { apiProblems, type ProblemExample } from './problem.openapi.js';

/** What the guard reads: the scope that a route needs, or that it needs none. */
export const SCOPE = 'ground-truth:scope';
export const NO_SCOPE = null;

/** By which name Swagger knows the keys. */
export const API_KEY = 'api_key';

/** Of a route, or of all routes of a controller: a key needs this scope to use it. */
export function RequiresScope(scope: Scope): ClassDecorator & MethodDecorator {
  return applyDecorators(
    SetMetadata(SCOPE, scope),
    ApiBearerAuth(API_KEY),
    ApiExtension('x-scope', scope),
    ...apiProblems(ADDRESSES[scope], accessProblems(scope)),
  );
}

/** Where the examples of problems were met. */
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
      'send a key in the header Authorization: Bearer KEY; ground-truth api-key create makes one',
    ],
    ['key-invalid', 'the key has expired; ask for a new one'],
    ['scope-missing', `this needs a key with the scope ${scope}; this one has ${other}`],
    ['too-many-requests', 'more than 6000 requests a minute; ask again in 12 seconds'],
    ['keys-unavailable', KEYS_UNAVAILABLE],
  ];
}

/** Of a route that needs no key. One that says neither is closed to everybody. */
export function OpenToAll(): ClassDecorator & MethodDecorator {
  return SetMetadata(SCOPE, NO_SCOPE);
}
