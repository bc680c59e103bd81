/** What Swagger says of health and metrics. */
import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { PROBLEM_MEDIA_TYPE } from '../http/problem.js';
import { apiProblems, UNKNOWN_PARAMETER } from '../http/problem.openapi.js';

const ok = {
  schema: {
    type: 'object',
    properties: { status: { type: 'string', enum: ['ok'] } },
    example: { status: 'ok' },
  },
};

export const DescribeHealth = () =>
  applyDecorators(ApiTags('operations'), ApiProduces('application/json', PROBLEM_MEDIA_TYPE));

export const DescribeMonitoring = () => ApiTags('operations');

export const DescribeLiveness = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Whether the process runs',
      description: 'Does not ask the database: a restart would not bring it back.',
    }),
    ApiOkResponse({ description: 'It runs.', ...ok }),
    ...apiProblems('/healthz', [UNKNOWN_PARAMETER]),
  );

export const DescribeReadiness = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Whether requests can be answered',
      description:
        'The database answers, its schema is up to date, keys can be read where they are needed, and the server has not been asked to end. Send it no requests otherwise.',
    }),
    ApiOkResponse({ description: 'They can.', ...ok }),
    ...apiProblems('/readyz', [
      UNKNOWN_PARAMETER,
      ['not-ready', 'the schema is not up to date; run: ground-truth migrate'],
    ]),
  );

export const DescribeMetrics = () =>
  applyDecorators(
    ApiOperation({
      summary: 'What the server counts of itself, for Prometheus',
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
