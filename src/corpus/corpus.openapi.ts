/** What Swagger says of the write side. Executed from top to bottom, the examples work. */
import { applyDecorators } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiHeader,
  ApiOperation,
  ApiParam,
  ApiProduces,
  ApiQuery,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { PROBLEM_MEDIA_TYPE } from '../http/problem.js';
import {
  apiProblems,
  type ProblemExample,
  TRANSFER_PROBLEMS,
  UNKNOWN_PARAMETER,
} from '../http/problem.openapi.js';

const JOB = '01972a3c-5f00-7c3e-9b1a-2f64a0c1d2e3';
const JOBS = '/api/v1/jobs';

const outcome = {
  job_id: JOB,
  filename: 'sprint-0123.pdf',
  source_kind: 'pdf',
  result: { header: { perihal: 'Pengamanan' }, personel: [{ nrp: '8703l234', nama: 'RINI K' }] },
  review_flags: ['low_confidence'],
  confidence: 0.87,
};

const summary = {
  job_id: JOB,
  filename: 'sprint-0123.pdf',
  source_kind: 'pdf',
  approved: false,
  reviewed_by: null,
  reviewed_at: null,
  review_flags: ['low_confidence'],
  confidence: 0.87,
  created_at: '2025-06-01T10:15:00.5Z',
  updated_at: '2025-06-01T10:15:00.5Z',
  original_sha256: '7d2cc33d1a18840bb948656a5e1694c08a9807d1b66588af6908cea02fcb30ab',
  correction_count: 0,
};

const job = { ...summary, result: outcome.result };

const approved = {
  ...job,
  approved: true,
  reviewed_by: 'rini.k',
  reviewed_at: '2025-06-02T03:20:00Z',
  updated_at: '2025-06-02T03:20:00Z',
  correction_count: 2,
};

const recorded = {
  id: 1,
  field_path: 'personel[0].nrp',
  op: 'replace',
  old_value: '8703l234',
  new_value: '87031234',
  corrected_by: 'rini.k',
  reason: 'l dibaca 1',
  corrected_at: '2025-06-02T03:19:40Z',
};

const anyJson = { description: 'Any JSON. It is kept as it is written, but for white space.' };
const string = { type: 'string' };
const nullableString = { type: 'string', nullable: true };
const time = { type: 'string', format: 'date-time' };

const summaryProperties = {
  job_id: { type: 'string', format: 'uuid' },
  filename: string,
  source_kind: string,
  approved: { type: 'boolean' },
  reviewed_by: nullableString,
  reviewed_at: { ...time, nullable: true },
  review_flags: { type: 'array', items: string },
  confidence: { type: 'number', nullable: true, minimum: 0, maximum: 1 },
  created_at: time,
  updated_at: time,
  original_sha256: nullableString,
  correction_count: { type: 'integer', minimum: 0 },
};

const jobSchema = { type: 'object', properties: { ...summaryProperties, result: anyJson } };

const correctionSchema = {
  type: 'object',
  properties: {
    id: { type: 'integer' },
    field_path: string,
    op: { type: 'string', enum: ['replace', 'add', 'remove'] },
    old_value: anyJson,
    new_value: anyJson,
    corrected_by: string,
    reason: nullableString,
    corrected_at: time,
  },
};

const correctionsSchema = {
  type: 'object',
  required: ['corrections'],
  properties: { corrections: { type: 'array', items: correctionSchema } },
};

const requestSchema = {
  type: 'object',
  required: ['field_path'],
  properties: {
    field_path: { type: 'string', description: 'Dotted, or a JSON Pointer (RFC 6901).' },
    op: { type: 'string', enum: ['replace', 'add', 'remove'], default: 'replace' },
    new_value: { ...anyJson, description: 'Required but for a removal.' },
    reason: nullableString,
  },
};

const etag = { ETag: { description: 'For If-Match: this version of the job.', schema: string } };

const UNAVAILABLE: ProblemExample = ['database-unavailable', 'try again in a moment'];
const NOT_FOUND: ProblemExample = ['job-not-found', `there is no job ${JOB}`];
const BAD_ID: ProblemExample = [
  'invalid-parameters',
  'id: "x" is not a UUID',
  { field: 'id', message: '"x" is not a UUID' },
];
const BODY_PROBLEMS: readonly ProblemExample[] = [
  ['payload-too-large', 'more than 16777216 bytes are not accepted'],
  ['unsupported-media-type', 'the body has to be application/json'],
];
const CHANGE_PROBLEMS: readonly ProblemExample[] = [
  BAD_ID,
  ['invalid-header', 'X-User-Id says who makes the change', { field: 'X-User-Id', message: 'is missing' }],
  NOT_FOUND,
  ['precondition-failed', 'the job is not what If-Match says any more; read it again'],
  ['precondition-required', 'send If-Match with the ETag of the job that the change is for'],
  UNAVAILABLE,
];
const APPROVED: ProblemExample = ['approved', 'the job is approved; reopen it first (DELETE …/approval)'];

const answer = (status: number, description: string, schema: object, example: object, headers?: object) =>
  ApiResponse({
    status,
    description,
    ...(headers && { headers: headers as Record<string, never> }),
    content: { 'application/json': { schema, example } },
  });

const JobId = () => ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid', example: JOB } });

const Change = () =>
  applyDecorators(
    JobId(),
    ApiHeader({
      name: 'X-User-Id',
      required: true,
      description: 'Who makes the change: 1 to 200 visible characters.',
      schema: { type: 'string', example: 'rini.k' },
    }),
    ApiHeader({
      name: 'If-Match',
      required: false,
      description: 'The ETag of the version that the change is for; another one is refused.',
      schema: string,
    }),
  );

export const DescribeJobs = () =>
  applyDecorators(ApiTags('jobs'), ApiProduces('application/json', PROBLEM_MEDIA_TYPE));

export const DescribeReview = () =>
  applyDecorators(ApiTags('review'), ApiProduces('application/json', PROBLEM_MEDIA_TYPE));

export const DescribeCreate = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Take what a pipeline has to say of a document',
      description:
        'Without a `job_id` one is made. With one, the same outcome can be sent again: it changes nothing and answers 200.',
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
        example: outcome,
      },
    }),
    answer(201, 'The job that was created.', jobSchema, job, {
      ...etag,
      Location: { description: 'The job.', schema: string },
    }),
    answer(200, 'The job that the same outcome has created before.', jobSchema, job, etag),
    ...apiProblems(JOBS, [
      ['invalid-body', 'filename: is missing', { field: 'filename', message: 'is missing' }],
      ['job-exists', `job_id: job ${JOB} came in with another result or other fields`],
      UNKNOWN_PARAMETER,
      ...BODY_PROBLEMS,
      UNAVAILABLE,
    ]),
  );

export const DescribeBatch = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Take many outcomes at once',
      description: 'One a line, as for a single one. All or none: a bad line changes nothing, and is named.',
    }),
    ApiConsumes('application/x-ndjson'),
    ApiBody({ schema: { type: 'string', example: `${JSON.stringify(outcome)}\n` } }),
    answer(
      200,
      'How many jobs were created, and how many were there already as they are in the lines.',
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
      UNAVAILABLE,
      ...TRANSFER_PROBLEMS,
    ]),
  );

export const DescribeQueue = () =>
  applyDecorators(
    ApiOperation({
      summary: 'List jobs',
      description: 'The review queue with `approved=false`. Without results; page by page, by `next_cursor`.',
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
      description: 'Only jobs whose filename contains this, in upper or lower case.',
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
      description: 'Oldest first, or least confident first, those without a confidence last.',
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
      description: '`next_cursor` of the page before.',
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
      UNAVAILABLE,
    ]),
  );

export const DescribeFind = () =>
  applyDecorators(
    ApiOperation({ summary: 'Read a job with its current result' }),
    JobId(),
    answer(200, 'The job.', jobSchema, job, etag),
    ...apiProblems(`${JOBS}/${JOB}`, [BAD_ID, NOT_FOUND, UNAVAILABLE]),
  );

export const DescribeTrail = () =>
  applyDecorators(
    ApiOperation({ summary: 'Read the corrections of a job, in their order' }),
    JobId(),
    answer(200, 'The trail.', correctionsSchema, { corrections: [recorded] }),
    ...apiProblems(`${JOBS}/${JOB}/corrections`, [BAD_ID, NOT_FOUND, UNAVAILABLE]),
  );

export const DescribeCorrect = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Correct fields of a job',
      description:
        'One correction, or several in `corrections`, which are made in their order, all or none. The value that stood there ' +
        'is found by the server. Adding a member that is there already is recorded as its replacement (RFC 6902).',
    }),
    Change(),
    ApiConsumes('application/json'),
    ApiBody({
      schema: {
        oneOf: [
          requestSchema,
          {
            type: 'object',
            required: ['corrections'],
            properties: { corrections: { type: 'array', items: requestSchema } },
          },
        ],
      },
      examples: {
        one: { value: { field_path: 'personel[0].nrp', new_value: '87031234', reason: 'l dibaca 1' } },
        several: {
          value: {
            corrections: [
              { field_path: 'header.perihal', new_value: 'Pengamanan unjuk rasa' },
              { op: 'add', field_path: '/personel/-', new_value: { nrp: '88010101', nama: 'BUDI S' } },
            ],
          },
        },
      },
    }),
    answer(201, 'What was recorded.', correctionsSchema, { corrections: [recorded] }, etag),
    ...apiProblems(`${JOBS}/${JOB}/corrections`, [
      ['invalid-body', 'new_value: is missing', { field: 'new_value', message: 'is missing' }],
      ['invalid-path', 'field_path: a key is expected (at position 2)'],
      ...CHANGE_PROBLEMS,
      APPROVED,
      [
        'ambiguous-path',
        'field_path: a key on this path stands twice in its object; correct the object as a whole',
      ],
      ['path-missing', 'field_path: there is nothing at this place to replace'],
      ['no-change', 'new_value: the field has this value already'],
      ['too-deep', 'new_value: the result would be deeper than 5,000 levels'],
      ...BODY_PROBLEMS,
    ]),
  );

export const DescribeReplace = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Send the whole corrected result',
      description:
        'The body is the corrected document. The server derives the corrections: members by name, rows of tables by their ' +
        'content. Values that are equal stay as they are written.',
    }),
    Change(),
    ApiQuery({
      name: 'dry_run',
      required: false,
      schema: { type: 'boolean', default: false },
      description: 'Only show the corrections.',
    }),
    ApiConsumes('application/json'),
    ApiBody({
      schema: {
        ...anyJson,
        example: {
          header: { perihal: 'Pengamanan unjuk rasa' },
          personel: [{ nrp: '87031234', nama: 'RINI KARTIKA' }],
        },
      },
    }),
    answer(201, 'What was recorded.', correctionsSchema, { corrections: [recorded] }, etag),
    answer(
      200,
      'Nothing differs, or it was a dry run; then without what only a record has.',
      correctionsSchema,
      {
        corrections: [],
      },
    ),
    ...apiProblems(`${JOBS}/${JOB}/result`, [
      ['invalid-body', 'the body is not JSON: the text ends where a JSON value is expected (at byte 0)'],
      ...CHANGE_PROBLEMS,
      APPROVED,
      ['too-deep', 'the body: the result would be deeper than 5,000 levels'],
      ...BODY_PROBLEMS,
    ]),
  );

export const DescribeApprove = () =>
  applyDecorators(
    ApiOperation({ summary: 'Approve a job', description: 'Declares its current result right.' }),
    Change(),
    answer(200, 'The job.', jobSchema, approved, etag),
    ...apiProblems(`${JOBS}/${JOB}/approval`, [
      ...CHANGE_PROBLEMS,
      ['no-result', 'a job without a result cannot be approved'],
    ]),
  );

export const DescribeReopen = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Reopen a job',
      description:
        'It can be corrected again. `reviewed_by` and `reviewed_at` say who reopened it, and when.',
    }),
    Change(),
    answer(200, 'The job.', jobSchema, { ...approved, approved: false }, etag),
    ...apiProblems(`${JOBS}/${JOB}/approval`, CHANGE_PROBLEMS),
  );
