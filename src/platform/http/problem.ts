import { Fault, type FaultKind, type FieldError } from '../fault.js';

/** An error on the wire (RFC 9457, application/problem+json). Nothing internal is ever in one. */
export interface Problem {
  /** Says which kind of problem it is; Swagger UI shows those of each route. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The path that was asked for. */
  readonly instance: string;
  /** Where parameters or fields are at fault. */
  readonly errors?: readonly FieldError[];
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** The kinds of problem, by the last part of their type. */
const problems = {
  'invalid-parameters': { status: 400, title: 'A parameter is not accepted' },
  'invalid-header': { status: 400, title: 'A header is not accepted' },
  'invalid-body': { status: 400, title: 'The body is not accepted' },
  'invalid-path': { status: 400, title: 'A field path cannot be parsed' },
  'bad-request': { status: 400, title: 'The request is not accepted' },
  'key-missing': { status: 401, title: 'A key is needed' },
  'key-invalid': { status: 401, title: 'The key is not accepted' },
  'scope-missing': { status: 403, title: 'The key does not open this' },
  'not-found': { status: 404, title: 'There is nothing at this address' },
  'job-not-found': { status: 404, title: 'There is no such job' },
  'method-not-allowed': { status: 405, title: 'This address does not know the method' },
  'request-timeout': { status: 408, title: 'The request took too long to arrive' },
  'job-exists': { status: 409, title: 'Another job has this id' },
  approved: { status: 409, title: 'The job is approved' },
  'no-result': { status: 409, title: 'The job has no result' },
  'ambiguous-path': { status: 409, title: 'The path means more than one place' },
  'precondition-failed': { status: 412, title: 'The job has changed' },
  'payload-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body is of another kind' },
  'expectation-failed': { status: 417, title: 'The expectation is not known' },
  'path-missing': { status: 422, title: 'The path leads nowhere' },
  'no-change': { status: 422, title: 'Nothing would change' },
  'too-deep': { status: 422, title: 'The result would be too deep' },
  'precondition-required': { status: 428, title: 'If-Match is required' },
  'headers-too-large': { status: 431, title: 'The headers are too long' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  'internal-error': { status: 500, title: 'The server failed' },
  'source-unusable': { status: 500, title: 'The database does not hold what a sample needs' },
  'database-unavailable': { status: 503, title: 'The database cannot be used now' },
  'keys-unavailable': { status: 503, title: 'The keys cannot be read now' },
  'too-many-transfers': { status: 503, title: 'Too many exports at once' },
  'shutting-down': { status: 503, title: 'The server is about to end' },
  'not-ready': { status: 503, title: 'The server is not ready' },
} as const satisfies Record<FaultKind, unknown> & Record<string, { status: number; title: string }>;

/** Which file and which line is for the log. */
export const KEYS_UNAVAILABLE = 'the keys cannot be checked now; the log of the server says why';

export type ProblemKind = keyof typeof problems;

export const problemKinds = Object.keys(problems) as ProblemKind[];

export function isProblemKind(kind: string): kind is ProblemKind {
  return Object.hasOwn(problems, kind);
}

export function statusOfProblem(kind: ProblemKind): number {
  return problems[kind].status;
}

/** A fault that only HTTP knows, thrown by guards, pipes and controllers. */
export class ProblemError extends Fault {
  override readonly name = 'ProblemError';

  /** @param headers of the response */
  constructor(
    kind: ProblemKind,
    detail: string,
    errors?: readonly FieldError[],
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(kind, detail, errors);
  }
}

/** The one place that builds a problem for the wire. */
export function toProblem(
  kind: ProblemKind,
  detail: string,
  instance: string,
  errors?: readonly FieldError[],
): Problem {
  const { status, title } = problems[kind];
  return {
    type: `urn:ground-truth:problem:${kind}`,
    title,
    status,
    detail,
    instance,
    ...(errors && { errors }),
  };
}
