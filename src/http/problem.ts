import { type FieldError } from '../parameters/read-dto.js';

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
  'bad-request': { status: 400, title: 'The request is not accepted' },
  'not-found': { status: 404, title: 'There is nothing at this address' },
  'internal-error': { status: 500, title: 'The server failed' },
  'database-unavailable': { status: 503, title: 'The database cannot be used now' },
} as const;

export type ProblemKind = keyof typeof problems;

export const problemKinds = Object.keys(problems) as ProblemKind[];

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
