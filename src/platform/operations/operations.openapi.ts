/** The OpenAPI description of health checks and metrics. */
import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { PROBLEM_MEDIA_TYPE } from '../http/problem.js';
import { apiProblems, UNKNOWN_PARAMETER } from '../http/problem.openapi.js';

const ok = {
  content: { 'application/json': { schema: { $ref: getSchemaPath('Health') }, example: { status: 'ok' } } },
};

/** The schemas of health checks, by name. */
export const operationsSchemas = {
  Health: {
    type: 'object',
    required: ['status'],
    properties: { status: { type: 'string', enum: ['ok'] } },
  },
};

export const DescribeHealth = () =>
  applyDecorators(ApiTags('operations'), ApiProduces('application/json', PROBLEM_MEDIA_TYPE));

export const DescribeMonitoring = () => ApiTags('operations');

export const DescribeLiveness = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Liveness',
      description: 'The process runs. The database is not checked, since a restart would not repair it.',
    }),
    ApiOkResponse({ description: 'Alive.', ...ok }),
    ...apiProblems('/healthz', [UNKNOWN_PARAMETER]),
  );

export const DescribeReadiness = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Readiness',
      description:
        'The database answers and can be written, its schema is up to date, API keys can be read where they are required, and the server is not shutting down.',
    }),
    ApiOkResponse({ description: 'Ready.', ...ok }),
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
