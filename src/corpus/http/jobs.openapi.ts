/** What Swagger says of results that come in, and of jobs as they are. */
import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiProduces, ApiQuery, ApiTags } from '@nestjs/swagger';
import { PROBLEM_MEDIA_TYPE } from '../../platform/http/problem.js';
import {
  apiProblems,
  TRANSFER_PROBLEMS,
  UNAVAILABLE,
  UNKNOWN_PARAMETER,
} from '../../platform/http/problem.openapi.js';
import {
  answer,
  anyJson,
  BAD_ID,
  BODY_PROBLEMS,
  correctionsSchema,
  etag,
  JOB,
  job,
  JobId,
  JOBS,
  jobSchema,
  NOT_FOUND,
  nullableString,
  output,
  recorded,
  string,
  summary,
  summaryProperties,
  time,
} from './corpus.openapi.js';

export const DescribeJobs = () =>
  applyDecorators(ApiTags('jobs'), ApiProduces('application/json', PROBLEM_MEDIA_TYPE));

export const DescribeCreate = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Create a job from pipeline output',
      description:
        'Without a `job_id`, one is made. With one, the same output may be sent again: it changes nothing and the answer is 200.',
    }),
    ApiConsumes('application/json'),
    ApiBody({
      schema: {
        type: 'object',
        required: ['filename', 'source_kind'],
        properties: {
          job_id: { type: 'string', format: 'uuid' },
          filename: string,
          source_kind: string,
          result: { ...anyJson, description: 'null or absent where the pipeline failed.' },
          review_flags: summaryProperties.review_flags,
          confidence: summaryProperties.confidence,
          created_at: time,
        },
        example: output,
      },
    }),
    answer(201, 'The job that was created.', jobSchema, job, {
      ...etag,
      Location: { description: 'The job.', schema: string },
    }),
    answer(200, 'The job exists already with the same output.', jobSchema, job, etag),
    ...apiProblems(JOBS, [
      ['invalid-body', 'filename: is missing', { field: 'filename', message: 'is missing' }],
      ['job-exists', `job_id: job ${JOB} came in with another result or other fields`],
      UNKNOWN_PARAMETER,
      ...BODY_PROBLEMS,
      ...UNAVAILABLE,
    ]),
  );

export const DescribeBatch = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Create many jobs at once',
      description:
        'One JSON object a line, as for POST /jobs. All or none: if a line is invalid, nothing is stored and the answer lists the invalid lines.',
    }),
    ApiConsumes('application/x-ndjson'),
    ApiBody({ schema: { type: 'string', example: `${JSON.stringify(output)}\n` } }),
    answer(
      200,
      'How many jobs were created, and how many existed already with the same output.',
      {
        type: 'object',
        required: ['created', 'unchanged'],
        properties: { created: { type: 'integer' }, unchanged: { type: 'integer' } },
      },
      { created: 0, unchanged: 1 },
    ),
    ...apiProblems(`${JOBS}/batch`, [
      ['invalid-body', '1 fault in the lines', { field: 'line 3: filename', message: 'is missing' }],
      ['unsupported-media-type', 'the body has to be application/x-ndjson'],
      UNKNOWN_PARAMETER,
      ...UNAVAILABLE,
      ...TRANSFER_PROBLEMS,
    ]),
  );

export const DescribeQueue = () =>
  applyDecorators(
    ApiOperation({
      summary: 'List jobs',
      description:
        'With `approved=false` it is the review queue. Results are left out. Pages follow each other by `next_cursor`.',
    }),
    ApiQuery({ name: 'approved', required: false, schema: { type: 'boolean' } }),
    ApiQuery({ name: 'has_corrections', required: false, schema: { type: 'boolean' } }),
    ApiQuery({ name: 'source_kind', required: false, schema: string }),
    ApiQuery({
      name: 'flag',
      required: false,
      schema: string,
      description: 'Only jobs with this review flag.',
    }),
    ApiQuery({
      name: 'filename',
      required: false,
      schema: string,
      description: 'Only jobs whose filename contains this; case does not matter.',
    }),
    ApiQuery({
      name: 'confidence_lt',
      required: false,
      schema: { type: 'number', minimum: 0, maximum: 1 },
      description: 'Only jobs with a confidence below this.',
    }),
    ApiQuery({
      name: 'sort',
      required: false,
      schema: { type: 'string', enum: ['created_at', 'confidence'], default: 'created_at' },
      description: '`created_at`: oldest first. `confidence`: lowest first, jobs without a confidence last.',
    }),
    ApiQuery({
      name: 'limit',
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
    }),
    ApiQuery({
      name: 'cursor',
      required: false,
      schema: string,
      description: '`next_cursor` of the previous page.',
    }),
    answer(
      200,
      'A page.',
      {
        type: 'object',
        required: ['jobs', 'next_cursor'],
        properties: {
          jobs: { type: 'array', items: { type: 'object', properties: summaryProperties } },
          next_cursor: nullableString,
        },
      },
      { jobs: [summary], next_cursor: null },
    ),
    ...apiProblems(JOBS, [
      [
        'invalid-parameters',
        'limit: "0" is not a whole number from 1 to 200',
        { field: 'limit', message: '"0" is not a whole number from 1 to 200' },
      ],
      ...UNAVAILABLE,
    ]),
  );

export const DescribeFind = () =>
  applyDecorators(
    ApiOperation({ summary: 'Read a job with its current result' }),
    JobId(),
    answer(200, 'The job.', jobSchema, job, etag),
    ...apiProblems(`${JOBS}/${JOB}`, [BAD_ID, NOT_FOUND, ...UNAVAILABLE]),
  );

export const DescribeTrail = () =>
  applyDecorators(
    ApiOperation({ summary: 'Read the trail of a job: its corrections in order' }),
    JobId(),
    answer(200, 'The trail.', correctionsSchema, { corrections: [recorded] }),
    ...apiProblems(`${JOBS}/${JOB}/corrections`, [BAD_ID, NOT_FOUND, ...UNAVAILABLE]),
  );
