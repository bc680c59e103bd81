/** OpenAPI of what pipelines saw and used. */
import { applyDecorators } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiHeader,
  ApiOperation,
  ApiParam,
  ApiProduces,
  ApiResponse,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { NOT_A_DIGEST } from '../../platform/sha256.js';
import { PROBLEM_MEDIA_TYPE } from '../../platform/http/problem.js';
import {
  apiProblems,
  type ProblemExample,
  TRANSFER_PROBLEMS,
  UNAVAILABLE,
  WRITE_PROBLEMS,
  UNKNOWN_PARAMETER,
} from '../../platform/http/problem.openapi.js';
import {
  answer,
  BAD_ID,
  BODY_PROBLEMS,
  etag,
  evidence,
  failed,
  failedWithEvidence,
  JobId,
  JOBS,
  NOT_FOUND,
  OCR_DIGEST,
  OCR_TEXT,
  string,
  TOO_LARGE,
} from './corpus.openapi.js';
import { PAGE_IMAGE } from './job.examples.js';

const SOURCES = '/api/v1/sources';
const OTHER_DIGEST = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
const BINARY = ['application/octet-stream', 'image/png', 'image/jpeg', 'application/pdf'];
const binary = { type: 'string', format: 'binary' };

export const DescribeSources = () => applyDecorators(ApiTags('sources'));

const Digest = (example: string) =>
  ApiParam({
    name: 'sha256',
    schema: { ...string, pattern: '^[0-9a-f]{64}$', example },
    description: 'Of the bytes, in hexadecimal.',
  });

const BAD_DIGEST: ProblemExample = [
  'invalid-parameters',
  `sha256: ${NOT_A_DIGEST}`,
  { field: 'sha256', message: NOT_A_DIGEST },
];

export const DescribeSendSource = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Send the content of a source',
      description:
        'The bytes of an image, a document, a long text; then name it by `sha256` in the `sources` of a job. It is held once, ' +
        'however often it is sent, with the Content-Type of the first time. Content that no job refers to is deleted a day after ' +
        'it was last sent. Text can come with the job instead, as `text`.',
      requestBody: {
        required: true,
        content: {
          'text/plain': { schema: string, examples: { page: { value: OCR_TEXT } } },
          ...Object.fromEntries(BINARY.map((mediaType) => [mediaType, { schema: binary }])),
        },
      },
    }),
    Digest(OCR_DIGEST),
    ApiProduces('application/json', PROBLEM_MEDIA_TYPE),
    answer(201, 'It is held now.', 'HeldSource', { sha256: OCR_DIGEST }),
    answer(200, 'It was held already.', 'HeldSource', { sha256: OCR_DIGEST }),
    ...apiProblems(`${SOURCES}/${OCR_DIGEST}`, [
      BAD_DIGEST,
      UNKNOWN_PARAMETER,
      ['bad-request', 'the body is incomplete'],
      ['digest-differs', `the SHA-256 digest of the body is ${OTHER_DIGEST}`],
      ['payload-too-large', 'more than 67108864 bytes are not accepted'],
      ['unsupported-media-type', 'the body must not be compressed by Content-Encoding'],
      ...WRITE_PROBLEMS,
      ...TRANSFER_PROBLEMS,
    ]),
  );

export const DescribeReadSource = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Get the content of a source',
      description:
        'The bytes as they were sent. They never change, so a copy need not be asked for again. Nothing in them runs in a browser.',
    }),
    Digest(PAGE_IMAGE),
    ApiHeader({
      name: 'Range',
      required: false,
      schema: string,
      description: 'A part, such as `bytes=0-1023`.',
    }),
    ApiProduces('application/octet-stream', PROBLEM_MEDIA_TYPE),
    ...[200, 206].map((status) =>
      ApiResponse({
        status,
        description: status === 200 ? 'The content.' : 'A part of it.',
        headers: {
          ETag: { description: 'The digest.', schema: { ...string, example: `"${PAGE_IMAGE}"` } },
        },
        content: { 'application/octet-stream': { schema: binary } },
      }),
    ),
    ApiResponse({ status: 304, description: 'The client has it already (If-None-Match).' }),
    ...apiProblems(`${SOURCES}/${PAGE_IMAGE}`, [
      BAD_DIGEST,
      UNKNOWN_PARAMETER,
      ['source-not-found', `no content with the digest ${PAGE_IMAGE} is held here`],
      ['range-not-satisfiable', 'the content has 54 bytes'],
      ...UNAVAILABLE,
      ...TRANSFER_PROBLEMS,
    ]),
  );

export const DescribeAddEvidence = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Add what the pipeline saw and used',
      description:
        'For a job that was created without it: at least one of `producer`, `sources` and `fields`. Each is written once and ' +
        'never changes; reviews do not touch it.',
    }),
    JobId(failed.job_id),
    ApiConsumes('application/json'),
    ApiBody({ schema: { $ref: getSchemaPath('Evidence') }, examples: { read: { value: evidence } } }),
    answer(200, 'The job.', 'Job', failedWithEvidence, etag),
    ...apiProblems(`${JOBS}/${failed.job_id}/evidence`, [
      BAD_ID,
      UNKNOWN_PARAMETER,
      [
        'invalid-body',
        'sources[0].sha256: is not held here; send the content first: PUT /api/v1/sources/{sha256}',
        {
          field: 'sources[0].sha256',
          message: 'is not held here; send the content first: PUT /api/v1/sources/{sha256}',
        },
      ],
      NOT_FOUND,
      ['evidence-exists', 'producer: the job has it already; it is written once'],
      TOO_LARGE,
      ...BODY_PROBLEMS,
      ...WRITE_PROBLEMS,
    ]),
  );
