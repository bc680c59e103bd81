import { Fault, type FaultKind, type FieldError } from '../fault.js';

/** The body of an error response (RFC 9457, application/problem+json). Never contains internal details. */
export interface Problem {
  /** Identifies the kind of problem. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The path of the request. */
  readonly instance: string;
  /** The invalid parameters or fields, if there are any. */
  readonly errors?: readonly FieldError[];
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** The kinds of problem, by the last part of their `type`. */
const problems = {
  'invalid-parameters': { status: 400, title: 'Invalid parameter' },
  'invalid-header': { status: 400, title: 'Invalid header' },
  'invalid-body': { status: 400, title: 'Invalid body' },
  'invalid-path': { status: 400, title: 'Invalid field path' },
  'bad-request': { status: 400, title: 'Bad request' },
  'key-missing': { status: 401, title: 'API key required' },
  'key-invalid': { status: 401, title: 'Invalid API key' },
  'scope-missing': { status: 403, title: 'Insufficient scope' },
  'foreign-origin': { status: 403, title: 'Foreign origin' },
  'not-found': { status: 404, title: 'Not found' },
  'job-not-found': { status: 404, title: 'Job not found' },
  'export-not-found': { status: 404, title: 'Export not found' },
  'source-not-found': { status: 404, title: 'Source not found' },
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  'request-timeout': { status: 408, title: 'Request timeout' },
  'job-exists': { status: 409, title: 'Job exists' },
  'evidence-exists': { status: 409, title: 'Evidence exists' },
  'lease-lost': { status: 409, title: 'Lease lost' },
  approved: { status: 409, title: 'Job is approved' },
  'no-result': { status: 409, title: 'Job has no result' },
  'ambiguous-path': { status: 409, title: 'Ambiguous path' },
  'cursor-expired': { status: 410, title: 'Cursor expired' },
  'precondition-failed': { status: 412, title: 'Precondition failed' },
  'payload-too-large': { status: 413, title: 'Payload too large' },
  'unsupported-media-type': { status: 415, title: 'Unsupported media type' },
  'range-not-satisfiable': { status: 416, title: 'Range not satisfiable' },
  'expectation-failed': { status: 417, title: 'Expectation failed' },
  'misdirected-request': { status: 421, title: 'Misdirected request' },
  'digest-differs': { status: 422, title: 'Digest differs' },
  'path-missing': { status: 422, title: 'Path not found' },
  'no-change': { status: 422, title: 'No change' },
  'nothing-to-score': { status: 422, title: 'Nothing to score' },
  'too-deep': { status: 422, title: 'Result too deep' },
  'job-too-large': { status: 422, title: 'Job too large' },
  'job-instead-of-result': { status: 422, title: 'Body is a job, not a result' },
  'precondition-required': { status: 428, title: 'Precondition required' },
  'headers-too-large': { status: 431, title: 'Headers too large' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  'internal-error': { status: 500, title: 'Internal error' },
  'sample-unreadable': { status: 500, title: 'A sample cannot be read' },
  'source-unusable': { status: 500, title: 'Invalid data in an external relation' },
  'database-unavailable': { status: 503, title: 'Database unavailable' },
  'query-too-slow': { status: 503, title: 'Query too slow' },
  'read-only': { status: 503, title: 'Read-only database' },
  'replica-behind': { status: 503, title: 'Replica is behind' },
  'keys-unavailable': { status: 503, title: 'API keys unavailable' },
  'access-log-unavailable': { status: 503, title: 'Access log unavailable' },
  'too-many-transfers': { status: 503, title: 'Too many transfers' },
  'shutting-down': { status: 503, title: 'Server is shutting down' },
  'not-ready': { status: 503, title: 'Server is not ready' },
} as const satisfies Record<FaultKind, unknown> & Record<string, { status: number; title: string }>;

/** The file and the line are in the log only. */
export const KEYS_UNAVAILABLE = 'API keys cannot be checked now; the log of the server has the reason';

/** Likewise. */
export const ACCESS_LOG_UNAVAILABLE =
  'an export needs an entry in the access log, which cannot be written now; the log of the server has the reason';

export const READ_ONLY =
  'this server only reads, from a replica perhaps; send changes to the one that writes';

export type ProblemKind = keyof typeof problems;

export const problemKinds = Object.keys(problems) as ProblemKind[];

export function isProblemKind(kind: string): kind is ProblemKind {
  return Object.hasOwn(problems, kind);
}

export function statusOfProblem(kind: ProblemKind): number {
  return problems[kind].status;
}

/** A fault that exists only over HTTP, thrown by guards, pipes and controllers. */
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

/** Builds every problem that is sent. */
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
