/** OpenAPI of creating, listing and reading jobs. */
import { applyDecorators } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiOperation,
  ApiProduces,
  ApiQuery,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { JobSelection } from './job-selection.openapi.js';
import { PROBLEM_MEDIA_TYPE } from '../../platform/http/problem.js';
import {
  apiProblems,
  LONG_READ_PROBLEMS,
  TRANSFER_PROBLEMS,
  UNAVAILABLE,
  WRITE_PROBLEMS,
  UNKNOWN_PARAMETER,
} from '../../platform/http/problem.openapi.js';
import {
  answer,
  BAD_ID,
  BODY_PROBLEMS,
  CORRECTED_JOB,
  created,
  etag,
  failed,
  JOB,
  job,
  JobId,
  JOBS,
  NEW_JOB,
  NOT_FOUND,
  output,
  string,
  summary,
  TOO_LARGE,
  trail,
} from './corpus.openapi.js';

export const DescribeJobs = () =>
  applyDecorators(ApiTags('jobs'), ApiProduces('application/json', PROBLEM_MEDIA_TYPE));

export const DescribeCreate = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Create a job from pipeline output',
      description:
        'Send a `job_id` (a UUID) or your own id as `external_id`: then the request can be repeated, and the same output changes ' +
        'nothing (200). Without either, each request makes another job, also when a client sends it again after a lost answer.',
    }),
    ApiConsumes('application/json'),
    ApiBody({ schema: { $ref: getSchemaPath('NewJob') }, examples: { one: { value: output } } }),
    answer(201, 'The created job.', 'Job', created, {
      ...etag,
      Location: {
        description: 'The path of the job.',
        schema: { ...string, example: `${JOBS}/${NEW_JOB}` },
      },
    }),
    answer(200, 'The job already exists with the same output.', 'Job', created, etag),
    ...apiProblems(JOBS, [
      ['invalid-body', 'filename: is missing', { field: 'filename', message: 'is missing' }],
      ['job-exists', `job_id: job ${NEW_JOB} already exists with different pipeline output`],
      TOO_LARGE,
      UNKNOWN_PARAMETER,
      ...BODY_PROBLEMS,
      ...WRITE_PROBLEMS,
    ]),
  );

export const DescribeBatch = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Create many jobs at once',
      description:
        'Each line is a `NewJob`, as for POST /jobs. All or none: if a line is invalid, nothing is stored and the response lists the ' +
        'invalid lines. The schema is that of a line, since OpenAPI 3.0 has none for lines.',
    }),
    ApiConsumes('application/x-ndjson'),
    ApiBody({
      schema: { $ref: getSchemaPath('NewJob') },
      examples: {
        two: { value: [output, failed].map((line) => `${JSON.stringify(line)}\n`).join('') },
      },
    }),
    answer(
      200,
      'How many jobs were created, and how many already existed with the same output.',
      'BatchCounts',
      { created: 1, unchanged: 1 },
    ),
    ...apiProblems(`${JOBS}/batch`, [
      ['invalid-body', '1 error in the input', { field: 'line 3: filename', message: 'is missing' }],
      ['unsupported-media-type', 'the body must be application/x-ndjson, uncompressed'],
      UNKNOWN_PARAMETER,
      ...WRITE_PROBLEMS,
      ...TRANSFER_PROBLEMS,
    ]),
  );

export const DescribeQueue = () =>
  applyDecorators(
    ApiOperation({
      summary: 'List jobs',
      description:
        'With `approved=false`, this is the review queue. Results are not included. Pass `next_cursor` as `cursor` to get the next page. ' +
        '`total` says how many jobs match, on the first page only: exactly up to 10,000, beyond that as PostgreSQL estimates it. `lease` ' +
        'says who reviews a job at the moment.',
    }),
    ApiQuery({ name: 'approved', required: false, schema: { type: 'boolean', example: false } }),
    JobSelection(),
    ApiQuery({
      name: 'limit',
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
    }),
    ApiQuery({
      name: 'cursor',
      required: false,
      schema: string,
      description: 'The `next_cursor` of the previous page.',
    }),
    answer(200, 'One page of jobs.', 'JobPage', {
      jobs: [summary],
      next_cursor: null,
      total: { count: 90, exact: true },
    }),
    ...apiProblems(JOBS, [
      [
        'invalid-parameters',
        'limit: "0" is not a whole number from 1 to 200',
        { field: 'limit', message: '"0" is not a whole number from 1 to 200' },
      ],
      ...UNAVAILABLE,
      ...LONG_READ_PROBLEMS,
    ]),
  );

export const DescribeFind = () =>
  applyDecorators(
    ApiOperation({ summary: 'Get a job with its current result' }),
    JobId(),
    answer(200, 'The job.', 'Job', job, etag),
    ...apiProblems(`${JOBS}/${JOB}`, [BAD_ID, NOT_FOUND, ...UNAVAILABLE]),
  );

export const DescribeTrail = () =>
  applyDecorators(
    ApiOperation({ summary: 'List the corrections of a job in order' }),
    JobId(CORRECTED_JOB),
    answer(200, 'The trail.', 'Trail', { corrections: trail }),
    ...apiProblems(`${JOBS}/${JOB}/corrections`, [BAD_ID, NOT_FOUND, ...UNAVAILABLE]),
  );
