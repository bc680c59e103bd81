/** OpenAPI of corrections and approvals. */
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
import { PROBLEM_MEDIA_TYPE } from '../../platform/http/problem.js';
import { apiProblems } from '../../platform/http/problem.openapi.js';
import {
  answer,
  anyJson,
  approved,
  APPROVED,
  BODY_PROBLEMS,
  Change,
  CHANGE_PROBLEMS,
  correctedResult,
  derived,
  etag,
  JOB,
  JOBS,
  reasonedResult,
  recorded,
  TOO_LARGE,
} from './corpus.openapi.js';

export const DescribeReview = () =>
  applyDecorators(ApiTags('review'), ApiProduces('application/json', PROBLEM_MEDIA_TYPE));

export const DescribeCorrect = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Correct fields of a job',
      description:
        'One correction, or several in `corrections`, applied in order, all or none. The server records the old value ' +
        'itself. An `add` of a member that exists is recorded as `replace` (RFC 6902).',
    }),
    Change(),
    ApiConsumes('application/json'),
    ApiBody({
      schema: { $ref: getSchemaPath('NewCorrections') },
      examples: {
        one: { value: { field_path: 'personel[2].nama', new_value: 'FERI SIREGAR', reason: 'I dibaca l' } },
        several: {
          value: {
            corrections: [
              { field_path: 'personel[3].nrp', new_value: '05021202', reason: '1 dibaca I' },
              { field_path: 'header.untuk[1]', new_value: 'Menyusun rekapitulasi nilai peserta' },
              { op: 'remove', field_path: '/header/untuk/2' },
            ],
          },
        },
      },
    }),
    answer(201, 'The recorded corrections.', 'RecordedCorrections', { corrections: [recorded] }, etag),
    ...apiProblems(`${JOBS}/${JOB}/corrections`, [
      ['invalid-body', 'new_value: is missing', { field: 'new_value', message: 'is missing' }],
      ['invalid-path', 'field_path: a key is expected (at position 2)'],
      ...CHANGE_PROBLEMS,
      APPROVED,
      [
        'ambiguous-path',
        'field_path: a key on this path occurs more than once in its object; correct the whole object',
      ],
      [
        'path-missing',
        'field_path: there is no value at this path to replace: header is an object without a member perihall',
      ],
      ['no-change', 'new_value: the field already has this value'],
      ['too-deep', 'new_value: the result would be deeper than 5,000 levels'],
      TOO_LARGE,
      ...BODY_PROBLEMS,
    ]),
  );

/** A result with the reasons of the corrections that lead to it. */
export const REASONED_RESULT_MEDIA_TYPE = 'application/vnd.ground-truth.result+json';

export const DescribeReplace = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Replace the result of a job',
      description:
        'The body is the whole corrected document. The server derives the corrections: it compares members by key, and aligns ' +
        'the rows of arrays so that as few values change as possible. Equal values keep their text. Beyond 10,000 corrections, ' +
        'one replaces the whole document, and the response has `whole_document`. The document is accepted only for the ' +
        'version that it was made from: send the `ETag` of that version as `If-Match`, or `force=true`. The example is a dry ' +
        `run, which records nothing. With the media type \`${REASONED_RESULT_MEDIA_TYPE}\`, the body has the document in ` +
        '`result`, and in `reasons` those of the corrections, by their paths; a dry run lists these.',
      requestBody: {
        required: true,
        content: {
          'application/json': { schema: anyJson, examples: { corrected: { value: correctedResult } } },
          [REASONED_RESULT_MEDIA_TYPE]: {
            schema: { $ref: getSchemaPath('ReasonedResult') },
            examples: { corrected: { value: reasonedResult } },
          },
        },
      },
    }),
    Change(),
    ApiQuery({
      name: 'dry_run',
      required: false,
      schema: { type: 'boolean', default: false, example: true },
      description: 'Return the corrections without recording them. `If-Match` is not required.',
    }),
    ApiQuery({
      name: 'force',
      required: false,
      schema: { type: 'boolean', default: false },
      description:
        'Replace the result of any version: `If-Match` is not required. This takes back what others have corrected since the ' +
        'document was read. An `If-Match` that is sent is still checked. Also stores a body that is the job itself, as GET returns it.',
    }),
    answer(201, 'The recorded corrections.', 'RecordedCorrections', { corrections: [recorded] }, etag),
    answer(
      200,
      'For a dry run: the corrections that would be recorded. Otherwise none, since nothing differs.',
      'DerivedCorrections',
      { corrections: derived },
    ),
    ...apiProblems(`${JOBS}/${JOB}/result`, [
      ['invalid-body', 'the body is not JSON: the text ends where a JSON value is expected (at byte 0)'],
      ...CHANGE_PROBLEMS.filter(([kind]) => kind !== 'precondition-required'),
      [
        'precondition-required',
        'If-Match is missing; send the ETag of the job from which the document was made, or force=true to replace the result of any version',
      ],
      APPROVED,
      ['too-deep', 'the body: the result would be deeper than 5,000 levels'],
      TOO_LARGE,
      [
        'job-instead-of-result',
        'the body is the job, as GET returns it; send the value of its member result, or force=true to store the body as the result',
      ],
      ...BODY_PROBLEMS,
    ]),
  );

export const DescribeApprove = () =>
  applyDecorators(
    ApiOperation({ summary: 'Approve a job', description: 'Declares the current result correct.' }),
    Change(),
    answer(200, 'The job.', 'Job', approved, etag),
    ...apiProblems(`${JOBS}/${JOB}/approval`, [
      ...CHANGE_PROBLEMS,
      ['no-result', 'a job without a result cannot be approved'],
      TOO_LARGE,
    ]),
  );

export const DescribeFlag = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Set and take away review flags',
      description:
        'Such as `unreadable`. The history records what really changed; if nothing did, nothing is recorded, and the version stays. ' +
        'Flags keep their order, and new ones come last. An approved job may be flagged, too.',
    }),
    Change(),
    ApiConsumes('application/json'),
    ApiBody({
      schema: { $ref: getSchemaPath('FlagChange') },
      examples: { one: { value: { add: ['stamp_over_text'], remove: ['low_confidence'] } } },
    }),
    answer(
      200,
      'The job.',
      'Job',
      { ...approved, review_flags: ['stamp_over_text'], updated_at: approved.reviewed_at },
      etag,
    ),
    ...apiProblems(`${JOBS}/${JOB}/flags`, [
      [
        'invalid-body',
        'the body has neither add nor remove',
        { field: '', message: 'has neither add nor remove' },
      ],
      ...CHANGE_PROBLEMS,
      TOO_LARGE,
      ...BODY_PROBLEMS,
    ]),
  );

export const DescribeConfirm = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Confirm values',
      description:
        'Records that the reviewer has looked at these values and found them right without an edit. So `errors` can tell them from ' +
        'values that were approved only with the whole. The version of the job stays. An approved job accepts confirmations, too.',
    }),
    Change(),
    ApiConsumes('application/json'),
    ApiBody({
      schema: { $ref: getSchemaPath('NewConfirmation') },
      examples: { two: { value: { field_paths: ['header.nomor_sprint', '/personel/0'] } } },
    }),
    answer(
      201,
      'The confirmation.',
      'Confirmation',
      {
        event: 'confirmed',
        by: 'rini.k',
        at: '2025-06-02T03:19:50Z',
        field_paths: ['header.nomor_sprint', 'personel[0]'],
      },
      etag,
    ),
    ...apiProblems(`${JOBS}/${JOB}/confirmations`, [
      ['invalid-body', 'field_paths: is empty', { field: 'field_paths', message: 'is empty' }],
      ['invalid-path', 'field_paths[0]: a key is expected (at position 2)'],
      ...CHANGE_PROBLEMS,
      ['no-result', 'a job without a result has no values to confirm'],
      [
        'ambiguous-path',
        'field_paths[0]: a key on this path occurs more than once in its object; name the whole object',
      ],
      [
        'path-missing',
        'field_paths[0]: there is no value at this path: header is an object without a member perihall',
      ],
      TOO_LARGE,
      ...BODY_PROBLEMS,
    ]),
  );

export const DescribeReopen = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Reopen a job',
      description:
        'The job can be corrected again. `reviewed_by` and `reviewed_at` record who reopened it and when.',
    }),
    Change(),
    answer(200, 'The job.', 'Job', { ...approved, approved: false }, etag),
    ...apiProblems(`${JOBS}/${JOB}/approval`, [...CHANGE_PROBLEMS, TOO_LARGE]),
  );
