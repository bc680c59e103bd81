/** OpenAPI of handing out jobs. */
import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiProduces, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { PROBLEM_MEDIA_TYPE } from '../../platform/http/problem.js';
import {
  apiProblems,
  LONG_READ_PROBLEMS,
  type ProblemExample,
  WRITE_PROBLEMS,
} from '../../platform/http/problem.openapi.js';
import {
  answer,
  BAD_ID,
  etag,
  JOB,
  job,
  JobId,
  JOBS,
  lease,
  NOT_FOUND,
  string,
  UserId,
} from './corpus.openapi.js';
import { JobSelection } from './job-selection.openapi.js';

export const DescribeLeases = () =>
  applyDecorators(ApiTags('review'), ApiProduces('application/json', PROBLEM_MEDIA_TYPE));

const NO_USER: ProblemExample = [
  'invalid-header',
  'X-User-Id names the reviewer',
  { field: 'X-User-Id', message: 'is missing' },
];

const { token, ...holding } = lease;

export const DescribeNext = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Take the next job to review',
      description:
        'Hands out the first job in the order of `sort` that matches, has a result, is not approved, and that nobody holds, the caller ' +
        'included: so each call gives another job, and no two clients hold one job. The job is held for `GROUND_TRUTH_LEASE_SECONDS` ' +
        '(900), unless the lease is renewed, given back, or ended by the approval. A lease locks nothing: others may still write, and ' +
        '`If-Match` decides.',
    }),
    UserId(),
    ApiQuery({
      name: 'approved',
      required: false,
      schema: { type: 'boolean', enum: [false] },
      description: 'Only `false`, which is what it is anyway.',
    }),
    JobSelection(),
    answer(200, 'The job, and the lease.', 'LeasedJob', { job: { ...job, lease: holding }, lease }, etag),
    ApiResponse({ status: 204, description: 'There is none.' }),
    ...apiProblems(`${JOBS}/next`, [
      [
        'invalid-parameters',
        'sort: "age" is not created_at or confidence or lowest_field_confidence',
        { field: 'sort', message: '"age" is not created_at or confidence or lowest_field_confidence' },
      ],
      NO_USER,
      ...WRITE_PROBLEMS,
      ...LONG_READ_PROBLEMS,
    ]),
  );

const Token = () =>
  ApiHeader({
    name: 'Lease-Token',
    required: true,
    description: 'The `token` that came with the job. Whoever has it holds the job.',
    schema: { ...string, example: token },
  });

const LEASE_PROBLEMS: readonly ProblemExample[] = [
  BAD_ID,
  [
    'invalid-header',
    'Lease-Token is the token that came with the job',
    { field: 'Lease-Token', message: 'is missing' },
  ],
  NOT_FOUND,
  [
    'lease-lost',
    'this token does not hold the job: the lease was given back, ended with the approval, or ran out and somebody else has the job',
  ],
  ...WRITE_PROBLEMS,
];

export const DescribeRenew = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Hold a job for longer',
      description:
        'For `GROUND_TRUTH_LEASE_SECONDS` from now on. A lease that has run out is renewed too, unless somebody else has the job.',
    }),
    JobId(),
    Token(),
    answer(200, 'The lease.', 'Lease', lease),
    ...apiProblems(`${JOBS}/${JOB}/lease`, LEASE_PROBLEMS),
  );

export const DescribeGiveBack = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Give a job back',
      description: 'The next call of `POST /jobs/next` may hand it out.',
    }),
    JobId(),
    Token(),
    ApiResponse({ status: 204, description: 'The job is free.' }),
    ...apiProblems(`${JOBS}/${JOB}/lease`, LEASE_PROBLEMS),
  );
