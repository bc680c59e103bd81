import { ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { type FieldError } from '../fault.js';
import {
  ACCESS_LOG_UNAVAILABLE,
  KEYS_UNAVAILABLE,
  PROBLEM_MEDIA_TYPE,
  type ProblemKind,
  READ_ONLY,
  statusOfProblem,
  toProblem,
} from './problem.js';

/** The schemas of problems, by name. */
export const problemSchemas = {
  Problem: {
    type: 'object',
    description: 'RFC 9457. `type` is `urn:ground-truth:problem:` and the kind of the problem.',
    required: ['type', 'title', 'status', 'detail', 'instance'],
    properties: {
      type: { type: 'string' },
      title: { type: 'string' },
      status: { type: 'integer' },
      detail: { type: 'string' },
      instance: { type: 'string' },
      errors: {
        type: 'array',
        items: { $ref: getSchemaPath('FieldError') },
        description: 'The invalid parameters or fields, if there are any.',
      },
    },
  },
  FieldError: {
    type: 'object',
    required: ['field', 'message'],
    properties: { field: { type: 'string' }, message: { type: 'string' } },
  },
};

/** An example of a problem: its kind, its detail, and an invalid field, if there is one. */
export type ProblemExample = readonly [kind: ProblemKind, detail: string, error?: FieldError];

/** Documents the problems of a route, grouped by status, each with an example. */
export function apiProblems(
  instance: string,
  examples: readonly ProblemExample[],
): (ClassDecorator & MethodDecorator)[] {
  const statuses = [...new Set(examples.map(([kind]) => statusOfProblem(kind)))];
  return statuses.map((status) => {
    const problems = examples
      .filter(([kind]) => statusOfProblem(kind) === status)
      .map(([kind, detail, error]) => toProblem(kind, detail, instance, error && [error]));
    return ApiResponse({
      status,
      description: problems.map(({ title, type }) => `${title} (\`${type}\`)`).join('; '),
      content: {
        [PROBLEM_MEDIA_TYPE]: {
          schema: { $ref: getSchemaPath('Problem') },
          examples: Object.fromEntries(
            problems.map((value) => [value.type.replace(/.*:/, ''), { summary: value.title, value }]),
          ),
        },
      },
    });
  });
}

/** For routes that need a key and the database. In Swagger, a route's own problems replace others with the same status. */
export const UNAVAILABLE: readonly ProblemExample[] = [
  ['database-unavailable', 'try again in a moment'],
  ['keys-unavailable', KEYS_UNAVAILABLE],
];

/** For routes that change something. */
export const WRITE_PROBLEMS: readonly ProblemExample[] = [...UNAVAILABLE, ['read-only', READ_ONLY]];

/** For routes with an entry in the access log. */
export const LOGGED_PROBLEMS: readonly ProblemExample[] = [
  ...UNAVAILABLE,
  ['access-log-unavailable', ACCESS_LOG_UNAVAILABLE],
];

/** For routes with transfers, whose number is limited. */
export const TRANSFER_PROBLEMS: readonly ProblemExample[] = [
  ['too-many-transfers', '15 exports, batches and long reads are already running; try again in 10 seconds'],
  ['shutting-down', 'try again in a moment, or use another server'],
];

/** For routes whose queries may take long. */
export const LONG_READ_PROBLEMS: readonly ProblemExample[] = [
  ...TRANSFER_PROBLEMS,
  ['query-too-slow', 'the query took longer than 60 seconds, and was cancelled'],
];

export const UNKNOWN_PARAMETER: ProblemExample = [
  'invalid-parameters',
  'verbose: is not known; none is accepted',
  { field: 'verbose', message: 'is not known; none is accepted' },
];
