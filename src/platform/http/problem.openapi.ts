import { ApiResponse } from '@nestjs/swagger';
import { type FieldError } from '../fault.js';
import {
  KEYS_UNAVAILABLE,
  PROBLEM_MEDIA_TYPE,
  type ProblemKind,
  statusOfProblem,
  toProblem,
} from './problem.js';

/** Stands once in the document, where `buildDocument` puts it. */
export const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'instance'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['field', 'message'],
        properties: { field: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

/** An example of a problem: its kind, its detail, and the field where one is at fault. */
export type ProblemExample = readonly [kind: ProblemKind, detail: string, error?: FieldError];

/** The problems that a route may answer with, those of one status together, each with an example. */
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
          schema: { $ref: '#/components/schemas/Problem' },
          examples: Object.fromEntries(
            problems.map((value) => [value.type.replace(/.*:/, ''), { summary: value.title, value }]),
          ),
        },
      },
    });
  });
}

/** Of what needs a key and the database: in Swagger, a route's own problems take the place of others with their status. */
export const UNAVAILABLE: readonly ProblemExample[] = [
  ['database-unavailable', 'try again in a moment'],
  ['keys-unavailable', KEYS_UNAVAILABLE],
];

/** Of what takes long, of which there may be too many. */
export const TRANSFER_PROBLEMS: readonly ProblemExample[] = [
  ['too-many-transfers', '15 exports and batches run already; ask again in 10 seconds'],
  ['shutting-down', 'ask again in a moment, or another server'],
];

export const UNKNOWN_PARAMETER: ProblemExample = [
  'invalid-parameters',
  'verbose: is not known; none is accepted',
  { field: 'verbose', message: 'is not known; none is accepted' },
];
