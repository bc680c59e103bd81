/** The OpenAPI description of health checks and metrics. */
import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { PROBLEM_MEDIA_TYPE } from '../http/problem.js';
import { SCOPES } from '../access/key.js';
import { apiProblems, UNAVAILABLE, UNKNOWN_PARAMETER } from '../http/problem.openapi.js';

const ok = (schema: string, example: object) => ({
  content: { 'application/json': { schema: { $ref: getSchemaPath(schema) }, example } },
});

/** The schemas of health checks and of access, by name. */
export const operationsSchemas = {
  Access: {
    type: 'object',
    required: ['authentication', 'name', 'scopes', 'read_only', 'external'],
    properties: {
      authentication: {
        type: 'string',
        enum: ['key', 'none'],
        description: 'What requests need: a key, or nothing.',
      },
      name: { type: 'string', nullable: true, description: 'Of the key; null where none is needed.' },
      scopes: {
        type: 'array',
        items: { type: 'string', enum: [...SCOPES] },
        description: 'Of the key; `admin` includes all others, and is given where no key is needed.',
      },
      read_only: {
        type: 'boolean',
        description:
          'Nothing can be changed: the database belongs to another application, or it is a replica.',
      },
      external: {
        type: 'boolean',
        description:
          'Jobs are in external relations: there are no routes below `/api/v1/jobs` and `/api/v1/sources`.',
      },
    },
  },
  Health: {
    type: 'object',
    required: ['status'],
    properties: { status: { type: 'string', enum: ['ok'] } },
  },
  Readiness: {
    type: 'object',
    required: ['status', 'database'],
    properties: {
      status: { type: 'string', enum: ['ok'] },
      database: { $ref: getSchemaPath('DatabaseMode') },
      feed: { $ref: getSchemaPath('FeedLag') },
    },
  },
  DatabaseMode: {
    type: 'object',
    required: ['mode'],
    properties: {
      mode: {
        type: 'string',
        enum: ['read-write', 'read-only', 'replica'],
        description: 'Changes are answered with 503 (`read-only`) unless it is `read-write`.',
      },
      replay_lag_seconds: {
        type: 'number',
        nullable: true,
        description:
          'Of a replica: seconds since the last transaction that it has replayed; 0 if it has replayed all that it has received; null if it does not tell.',
      },
    },
  },
  FeedLag: {
    type: 'object',
    description: 'Only if an open transaction holds back changes from the feed.',
    required: ['waiting', 'held_by'],
    properties: {
      waiting: { type: 'number', description: 'Seconds since the oldest change that is held back.' },
      held_by: { type: 'string' },
    },
  },
};

export const DescribeHealth = () =>
  applyDecorators(ApiTags('operations'), ApiProduces('application/json', PROBLEM_MEDIA_TYPE));

export const DescribeAccess = () =>
  applyDecorators(
    ApiProduces('application/json', PROBLEM_MEDIA_TYPE),
    ApiOperation({
      summary: 'What the key may do',
      description:
        'For clients that show only what will succeed, such as the workbench. A key with any scope may ask.',
    }),
    ApiOkResponse({
      description: 'What the key may do.',
      content: {
        'application/json': {
          schema: { $ref: getSchemaPath('Access') },
          // Of the demo, whose server needs no key.
          example: {
            authentication: 'none',
            name: null,
            scopes: ['admin'],
            read_only: false,
            external: false,
          },
        },
      },
    }),
    ...apiProblems('/api/v1/access', [UNKNOWN_PARAMETER, ...UNAVAILABLE]),
  );

export const DescribeMonitoring = () => ApiTags('operations');

export const DescribeLiveness = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Liveness',
      description: 'The process runs. The database is not checked, since a restart would not repair it.',
    }),
    ApiOkResponse({ description: 'Alive.', ...ok('Health', { status: 'ok' }) }),
    ...apiProblems('/healthz', [UNKNOWN_PARAMETER]),
  );

export const DescribeReadiness = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Readiness',
      description:
        'The database answers and has room, its schema is up to date, API keys can be read where they are required, and the server is not shutting down.',
    }),
    ApiOkResponse({
      description: 'Ready.',
      ...ok('Readiness', { status: 'ok', database: { mode: 'read-write' } }),
    }),
    ...apiProblems('/readyz', [UNKNOWN_PARAMETER, ['not-ready', 'the disk of the database is full']]),
  );

export const DescribeMetrics = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Metrics for Prometheus',
      description: 'docs/operations.md explains each metric.',
    }),
    ApiProduces('text/plain', PROBLEM_MEDIA_TYPE),
    ApiOkResponse({
      description: 'The metrics, in Prometheus’ text format.',
      content: {
        'text/plain': {
          schema: { type: 'string' },
          example: 'ground_truth_exports_total{outcome="complete"} 12\n',
        },
      },
    }),
    ...apiProblems('/metrics', [UNKNOWN_PARAMETER]),
  );
