/** OpenAPI parts that jobs and reviews share. Executed from top to bottom, the examples work. */
import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiParam, ApiResponse } from '@nestjs/swagger';
import { type ProblemExample, UNAVAILABLE } from '../../platform/http/problem.openapi.js';

export const JOB = '01972a3c-5f00-7c3e-9b1a-2f64a0c1d2e3';
export const JOBS = '/api/v1/jobs';

export const output = {
  job_id: JOB,
  external_id: 'scan-4711',
  filename: 'sprint-0123.pdf',
  source_kind: 'pdf',
  result: { header: { perihal: 'Pengamanan' }, personel: [{ nrp: '8703l234', nama: 'RINI K' }] },
  review_flags: ['low_confidence'],
  confidence: 0.87,
};

export const summary = {
  job_id: JOB,
  external_id: 'scan-4711',
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

export const job = { ...summary, result: output.result };

export const approved = {
  ...job,
  approved: true,
  reviewed_by: 'rini.k',
  reviewed_at: '2025-06-02T03:20:00Z',
  updated_at: '2025-06-02T03:20:00Z',
  correction_count: 2,
};

export const recorded = {
  id: 1,
  field_path: 'personel[0].nrp',
  op: 'replace',
  old_value: '8703l234',
  new_value: '87031234',
  corrected_by: 'rini.k',
  reason: 'l dibaca 1',
  corrected_at: '2025-06-02T03:19:40Z',
};

export const anyJson = {
  description: 'Any JSON. It is stored as written, without insignificant white space.',
};
export const string = { type: 'string' };
export const nullableString = { type: 'string', nullable: true };
export const time = { type: 'string', format: 'date-time' };

export const summaryProperties = {
  job_id: { type: 'string', format: 'uuid' },
  external_id: { ...nullableString, maxLength: 255, description: "The pipeline's own id of the document." },
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

export const jobSchema = { type: 'object', properties: { ...summaryProperties, result: anyJson } };

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

export const correctionsSchema = {
  type: 'object',
  required: ['corrections'],
  properties: {
    corrections: { type: 'array', items: correctionSchema },
    warnings: {
      type: 'array',
      items: string,
      description:
        'Present if `corrected_at` is later than now. No correction is before the last change of its job, and that is then in the future.',
    },
  },
};

export const derivedSchema = {
  ...correctionsSchema,
  properties: {
    ...correctionsSchema.properties,
    whole_document: {
      type: 'boolean',
      const: true,
      description:
        'Present if one correction replaces the whole document, because there would be more than 10,000.',
    },
  },
};

export const requestSchema = {
  type: 'object',
  required: ['field_path'],
  properties: {
    field_path: { type: 'string', description: 'A dotted path, or a JSON Pointer (RFC 6901).' },
    op: { type: 'string', enum: ['replace', 'add', 'remove'], default: 'replace' },
    new_value: { ...anyJson, description: 'Required unless `op` is `remove`.' },
    reason: nullableString,
  },
};

export const etag = { ETag: { description: 'The version of the job, for If-Match.', schema: string } };

export const NOT_FOUND: ProblemExample = ['job-not-found', `there is no job ${JOB}`];
export const BAD_ID: ProblemExample = [
  'invalid-parameters',
  'id: "x" is not a UUID',
  { field: 'id', message: '"x" is not a UUID' },
];
export const BODY_PROBLEMS: readonly ProblemExample[] = [
  ['payload-too-large', 'more than 16777216 bytes are not accepted'],
  ['unsupported-media-type', 'the body must be application/json'],
];
export const CHANGE_PROBLEMS: readonly ProblemExample[] = [
  BAD_ID,
  ['invalid-header', 'X-User-Id names the reviewer', { field: 'X-User-Id', message: 'is missing' }],
  NOT_FOUND,
  ['precondition-failed', 'If-Match does not match the current version of the job; read the job again'],
  ['precondition-required', 'send If-Match with the ETag of the job that the change is for'],
  ...UNAVAILABLE,
];
export const TOO_LARGE: ProblemExample = [
  'job-too-large',
  'the job would take 270,001,024 bytes in a corpus, and 268,435,456 are accepted: initial result 9,000, final result 15,009,000, ' +
    'corrections 254,981,000, names and history 1,000',
];
export const APPROVED: ProblemExample = [
  'approved',
  'the job is approved; reopen it first (DELETE …/approval)',
];

export const answer = (
  status: number,
  description: string,
  schema: object,
  example: object,
  headers?: object,
) =>
  ApiResponse({
    status,
    description,
    ...(headers && { headers: headers as Record<string, never> }),
    content: { 'application/json': { schema, example } },
  });

export const JobId = () => ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid', example: JOB } });

export const Change = () =>
  applyDecorators(
    JobId(),
    ApiHeader({
      name: 'X-User-Id',
      required: true,
      description: 'The reviewer who makes the change: 1 to 200 visible characters.',
      schema: { type: 'string', example: 'rini.k' },
    }),
    ApiHeader({
      name: 'If-Match',
      required: false,
      description:
        'The ETag of the version that the change is based on. If the job has a different version, the change is refused. Required ' +
        'to replace a result.',
      schema: string,
    }),
  );
