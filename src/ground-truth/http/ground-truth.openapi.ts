/** OpenAPI of the read side. Not in the DTOs, because the commands share them and must not load Swagger. */
import { applyDecorators } from '@nestjs/common';
import {
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProduces,
  ApiQuery,
  ApiResponse,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { PROBLEM_MEDIA_TYPE } from '../../platform/http/problem.js';
import { INCLUDES } from '../evidence-sql.js';
import {
  apiProblems,
  LONG_READ_PROBLEMS,
  type ProblemExample,
  TRANSFER_PROBLEMS,
  LOGGED_PROBLEMS,
  UNAVAILABLE,
} from '../../platform/http/problem.openapi.js';
import { EXPORT_ID, loggedExportSchemas } from './logged-export.openapi.js';
import { corrected, uncorrected } from './sample.examples.js';

const EXPORT = '/api/v1/ground-truth/export';
const CHANGES = '/api/v1/ground-truth/changes';
const SAMPLES = '/api/v1/ground-truth/samples';
const STATS = '/api/v1/ground-truth/stats';

export const DescribeGroundTruth = () => applyDecorators(ApiTags('ground truth'));

export const DescribeExport = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Download the corpus',
      description:
        'One training sample a line (JSON Lines), ordered by created_at, then job_id. Each sample has the original pipeline ' +
        'output, reconstructed by undoing the corrections, the current result, and every correction. All samples come from one ' +
        'database snapshot. A failure in mid-stream resets the connection, so a response that ends normally is complete. ' +
        'The command `ground-truth export` writes the same bytes. With `Accept-Encoding: gzip` the response is compressed.',
    }),
    ...apiFilters(true),
    ApiQuery({
      name: 'limit',
      required: false,
      // Nest drops an example that is not inside the schema.
      schema: { type: 'integer', minimum: 1, example: 10 },
      description: 'At most this many samples, the first in corpus order.',
    }),
    ApiInclude(),
    ApiProduces('application/x-ndjson', PROBLEM_MEDIA_TYPE),
    ApiOkResponse({
      description:
        'The corpus: each line is a `Sample`. Empty if nothing matches. The schema is that of a line, since OpenAPI 3.0 has ' +
        'none for lines: split the answer at line feeds, and parse each line.',
      headers: {
        'Content-Disposition': {
          description: 'Suggests a name for the file.',
          schema: { type: 'string', example: 'attachment; filename="ground-truth.jsonl"' },
        },
        'Export-Id': EXPORT_ID,
      },
      content: {
        'application/x-ndjson': {
          schema: { $ref: getSchemaPath('Sample') },
          example: [corrected, uncorrected].map((sample) => `${JSON.stringify(sample)}\n`).join(''),
        },
      },
    }),
    ...apiProblems(EXPORT, [
      refusal('limit', '"0" is not a whole number of at least 1'),
      [
        'invalid-header',
        'a corpus is of one moment, so a part of it cannot be continued; download it from the beginning, without Range',
        { field: 'Range', message: 'is not accepted' },
      ],
      UNREADABLE,
      UNUSABLE,
      ...LOGGED_PROBLEMS,
      ...TRANSFER_PROBLEMS,
    ]),
  );

export const DescribeChanges = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Follow the changes',
      description:
        'What has changed since a cursor, each job once, without gaps, erasures included: whoever applies the lines in order ' +
        'to an empty store holds the export with the same filters. Without a cursor it begins with everything. The last line has the ' +
        'next cursor; `more`: there is more at once; `waiting`: seconds since the oldest change that an open transaction still holds ' +
        'back. An answer without this line is not whole. With `If-None-Match` and nothing new, 304.',
    }),
    ApiQuery({
      name: 'cursor',
      required: false,
      schema: { type: 'string' },
      description: 'The `cursor` of the last answer. It belongs to its filters and `include`.',
    }),
    ApiQuery({
      name: 'approved_only',
      required: false,
      schema: { type: 'boolean', default: true },
      description: 'Only approved samples; one that is reopened is removed. `false`: all samples.',
    }),
    ApiQuery({
      name: 'has_corrections',
      required: false,
      schema: { type: 'boolean' },
      description: '`true`: only samples with corrections; `false`: only samples without.',
    }),
    ApiQuery({
      name: 'limit',
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: 100_000, default: 10_000, example: 10 },
      description: 'At most this many changes. An answer ends earlier after 256 MB.',
    }),
    ApiInclude(),
    ApiProduces('application/x-ndjson', PROBLEM_MEDIA_TYPE),
    ApiOkResponse({
      description: 'Changes, a line each, and last the cursor. The schema is that of a line.',
      headers: {
        ETag: {
          description: 'The head of the feed.',
          schema: { type: 'string', example: '"BzAOQkx0OIVA3EqwW6RrGBPfz4U"' },
        },
        'Export-Id': EXPORT_ID,
      },
      content: {
        'application/x-ndjson': {
          schema: { $ref: getSchemaPath('FeedLine') },
          example: [
            { op: 'upsert', job_id: corrected.job_id, sample: corrected },
            { op: 'remove', job_id: uncorrected.job_id, reason: 'erased' },
            { op: 'cursor', cursor: 'MSA5YjNl', more: false, waiting: null },
          ]
            .map((line) => `${JSON.stringify(line)}\n`)
            .join(''),
        },
      },
    }),
    ApiResponse({ status: 304, description: 'Nothing is new.' }),
    ...apiProblems(CHANGES, [
      refusal('limit', '"0" is not a whole number from 1 to 100000'),
      refusal('cursor', 'is not a cursor of this feed; begin without one'),
      [
        'cursor-expired',
        'the cursor is of another database, or of one before it was restored, reset or moved to a standby; begin again without a cursor',
      ],
      [
        'replica-behind',
        'the replica has not replayed yet what the cursor has seen of the primary; try again in a moment, or ask the primary',
      ],
      UNREADABLE,
      ...LOGGED_PROBLEMS,
      ...TRANSFER_PROBLEMS,
    ]),
  );

/** The filters of exports and statistics. */
function apiFilters(approvedOnly: boolean): MethodDecorator[] {
  return [
    ApiQuery({
      name: 'approved_only',
      required: false,
      schema: { type: 'boolean', default: approvedOnly },
      description: 'Only approved samples; `false`: all samples.',
    }),
    ...apiSampleFilters(),
  ];
}

/** The filters of everything that reads samples. */
export function apiSampleFilters(): MethodDecorator[] {
  return [
    ApiQuery({
      name: 'since',
      required: false,
      schema: { type: 'string', format: 'date-time' },
      examples: {
        none: { summary: 'no lower bound', value: '' },
        time: { summary: 'a time', value: '2025-01-01T00:00:00Z' },
      },
      description:
        'Only samples whose last change (the latest of created_at, reviewed_at and each corrected_at) is at or after this ' +
        'time: RFC 3339, or a date, which means midnight UTC. In a URL, write the plus sign of an offset as %2B.',
    }),
    ApiQuery({
      name: 'until',
      required: false,
      schema: { type: 'string', format: 'date-time' },
      examples: {
        none: { summary: 'no upper bound', value: '' },
        time: { summary: 'a time', value: '2030-01-01T00:00:00Z' },
      },
      description: 'Only samples whose last change is before this time.',
    }),
    ApiQuery({
      name: 'has_corrections',
      required: false,
      schema: { type: 'boolean' },
      description: '`true`: only samples with corrections; `false`: only samples without.',
    }),
    ApiQuery({
      name: 'source_kind',
      required: false,
      schema: { type: 'string' },
      description: 'Only samples of this kind of source, exactly.',
    }),
    ApiQuery({
      name: 'flag',
      required: false,
      schema: { type: 'string' },
      description: 'Only samples that have this review flag.',
    }),
    ApiQuery({
      name: 'reviewed_by',
      required: false,
      schema: { type: 'string' },
      description: 'Only samples that this reviewer approved or reopened last.',
    }),
    ApiQuery({
      name: 'producer',
      required: false,
      schema: { type: 'string' },
      description:
        'Only samples made by this producer: its SHA-256 digest, or `member=value`, such as `model=layout-3`.',
    }),
    ApiQuery({
      name: 'confidence_gte',
      required: false,
      schema: { type: 'number', minimum: 0, maximum: 1 },
      description: 'Only samples with at least this confidence; none without one.',
    }),
    ApiQuery({
      name: 'confidence_lt',
      required: false,
      schema: { type: 'number', minimum: 0, maximum: 1 },
      description: 'Only samples with a lower confidence; none without one.',
    }),
  ];
}

function ApiInclude(): MethodDecorator {
  return ApiQuery({
    name: 'include',
    required: false,
    schema: { type: 'string' },
    description:
      `Further members of each sample, after \`confidence\`: \`all\`, or one or more of ${INCLUDES.map((name) => `\`${name}\``).join(', ')}, ` +
      'with commas between them. `external_id`: the pipeline’s own id. `producer`: what made the result. `sources`: what the document looks like. `fields`: what the pipeline says of single fields of `initial_result`. `history`: who approved, reopened and flagged the job, and confirmed values of it, and when.',
  });
}

export const DescribeSample = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Get one sample',
      description:
        'The line that an export would write for the job now, byte for byte, approved or not. If the trail does not ' +
        'lead back exactly, the sample has a member `diverged`.',
    }),
    ApiParam({
      name: 'id',
      schema: { type: 'string', format: 'uuid', example: corrected.job_id },
      description: 'The `job_id` of a sample. The example is one of the demo.',
    }),
    ApiInclude(),
    ApiOkResponse({
      description: 'The sample, followed by a line feed.',
      content: { 'application/json': { schema: { $ref: getSchemaPath('Sample') }, example: corrected } },
    }),
    ...apiProblems(`${SAMPLES}/123`, [refusal('id', '"123" is not a UUID')]),
    ...apiProblems(`${SAMPLES}/${corrected.job_id}`, [
      ['job-not-found', `there is no job ${corrected.job_id}`],
      UNREADABLE,
      UNUSABLE,
      ...UNAVAILABLE,
      ...LONG_READ_PROBLEMS,
    ]),
  );

export const DescribeStatistics = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Count jobs and corrections',
      description:
        'Counts of all jobs, or of those that the filters select, and their most corrected fields, from one database snapshot.',
    }),
    ...apiFilters(false),
    ApiQuery({
      name: 'top_n',
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: 1_000, default: 10 },
      description: 'How many fields and producers to list.',
    }),
    ApiQuery({
      name: 'collapse_indices',
      required: false,
      schema: { type: 'boolean', default: false, example: true },
      description: 'Count `personel[0].nrp` and `personel[7].nrp` as `personel[*].nrp`.',
    }),
    ApiQuery({
      name: 'weeks',
      required: false,
      schema: { type: 'integer', minimum: 0, maximum: 1_000, default: 0 },
      description: 'In how many weeks, up to the last one with any, to count corrections and approvals.',
    }),
    ApiOkResponse({
      description: 'The statistics.',
      content: {
        'application/json': {
          schema: { $ref: getSchemaPath('Statistics') },
          example: statistics,
        },
      },
    }),
    ...apiProblems(STATS, [
      refusal('top_n', '"0" is not a whole number from 1 to 1000'),
      ...UNAVAILABLE,
      ...LONG_READ_PROBLEMS,
    ]),
  );

/** Of the demo, with collapsed indices. */
const statistics = {
  total_jobs: 300,
  approved_jobs: 210,
  total_corrections: 542,
  jobs_with_corrections: 198,
  top_corrected_fields: [
    { field_path: 'personel[*].nrp', count: 161 },
    { field_path: 'personel[*].nama', count: 51 },
    { field_path: 'personel[*].pangkat', count: 50 },
    { field_path: 'personel[*].keterangan', count: 49 },
    { field_path: 'header.untuk[*]', count: 45 },
    { field_path: 'header.tanggal', count: 38 },
    { field_path: 'personel[*]', count: 27 },
    { field_path: 'personel[*].jabatan', count: 27 },
    { field_path: 'header.perihal', count: 15 },
    { field_path: 'header.satuan', count: 14 },
  ],
  producers: [
    {
      sha256: 'c4bc6a12acc473699a3d59bbceb533f8e57d06b6906f045bff7afa34f558b7aa',
      producer: { name: 'sprint-ocr', version: '2.0.3', model: 'layout-2', prompt: 'sprint-v6' },
      jobs: 160,
      corrections: 281,
    },
    {
      sha256: '72d2b6d286cbc3a94d2f57644c2b565ca3fd1c0f736a88c7513a4c2d89e85723',
      producer: { name: 'sprint-ocr', version: '2.1.0', model: 'layout-3', prompt: 'sprint-v7' },
      jobs: 140,
      corrections: 261,
    },
  ],
};

/** Only for jobs from before there were limits. */
export const UNREADABLE: ProblemExample = [
  'sample-unreadable',
  `job ${corrected.job_id} is larger than what PostgreSQL gives out of one row, 1 GiB, so no corpus that it is part of can be read; ` +
    'erase it (ground-truth erase), or select samples without it',
];

/** Only with external relations; our own schema prevents it. */
export const UNUSABLE: ProblemExample = [
  'source-unusable',
  `ocr.jobs: column filename of job ${corrected.job_id} is null`,
];

export function refusal(field: string, message: string): ProblemExample {
  return ['invalid-parameters', `${field}: ${message}`, { field, message }];
}

const string = { type: 'string' };
const nullableString = { type: 'string', nullable: true };
const time = { type: 'string', format: 'date-time' };
const count = { type: 'integer', minimum: 0 };

/** docs/ground-truth-sample.schema.json says more than OpenAPI 3.0 can. */
const sampleSchema = {
  type: 'object',
  description: 'A job with its trail: a line of the corpus.',
  required: Object.keys(corrected),
  properties: {
    job_id: { type: 'string', format: 'uuid' },
    filename: string,
    source_kind: string,
    approved: { type: 'boolean' },
    reviewed_by: nullableString,
    reviewed_at: { ...time, nullable: true },
    created_at: time,
    initial_result: { description: 'The pipeline’s own output, any JSON; null if it produced none.' },
    final_result: { description: 'The current result, any JSON; null if there is none.' },
    corrections: {
      type: 'array',
      items: { $ref: getSchemaPath('SampleCorrection') },
      description: 'The trail, oldest first.',
    },
    review_flags: { type: 'array', items: string },
    confidence: { type: 'number', minimum: 0, maximum: 1, nullable: true },
    external_id: {
      ...nullableString,
      description: 'Only with `include=external_id`: the pipeline’s own id.',
    },
    producer: { $ref: getSchemaPath('Producer') },
    sources: {
      type: 'array',
      items: { $ref: getSchemaPath('SampleSource') },
      description: 'Only with `include=sources`: what the document looks like, in order.',
    },
    fields: { $ref: getSchemaPath('Fields') },
    history: {
      type: 'array',
      items: { $ref: getSchemaPath('ReviewEvent') },
      description: 'Only with `include=history`: what reviewers did beside corrections, oldest first.',
    },
    diverged: { $ref: getSchemaPath('Divergence') },
  },
};

/** The schemas of the read side, by name. */
export const groundTruthSchemas = {
  ...loggedExportSchemas,
  Sample: sampleSchema,
  FeedLine: {
    description: 'A line of the feed.',
    oneOf: ['FeedUpsert', 'FeedRemove', 'FeedCursor'].map((name) => ({ $ref: getSchemaPath(name) })),
  },
  FeedUpsert: {
    type: 'object',
    required: ['op', 'job_id', 'sample'],
    properties: {
      op: { type: 'string', enum: ['upsert'] },
      job_id: { type: 'string', format: 'uuid' },
      sample: { $ref: getSchemaPath('Sample') },
    },
  },
  FeedRemove: {
    type: 'object',
    required: ['op', 'job_id', 'reason'],
    properties: {
      op: { type: 'string', enum: ['remove'] },
      job_id: { type: 'string', format: 'uuid' },
      reason: {
        type: 'string',
        enum: ['erased', 'filtered'],
        description: '`filtered`: the job no longer matches.',
      },
    },
  },
  FeedCursor: {
    type: 'object',
    required: ['op', 'cursor', 'more', 'waiting'],
    properties: {
      op: { type: 'string', enum: ['cursor'] },
      cursor: string,
      more: { type: 'boolean' },
      waiting: {
        type: 'number',
        nullable: true,
        description: 'Seconds since the oldest change that an open transaction still holds back.',
      },
    },
  },
  SampleCorrection: {
    type: 'object',
    required: Object.keys(corrected.corrections[0]!),
    properties: {
      field_path: string,
      old_value: { description: 'What was there before, any JSON.' },
      new_value: { description: 'What the correction put there, any JSON.' },
      corrected_by: string,
      reason: nullableString,
      corrected_at: time,
      op: { type: 'string', enum: ['add', 'remove'], description: 'Absent for `replace`.' },
    },
  },
  SampleSource: {
    type: 'object',
    required: ['kind', 'page', 'media_type', 'sha256', 'uri'],
    properties: {
      kind: string,
      page: { type: 'integer', minimum: 1, nullable: true },
      media_type: nullableString,
      sha256: nullableString,
      uri: nullableString,
      text: { ...string, description: 'Only where it is text that is held here.' },
    },
  },
  ProducerStatistics: {
    type: 'object',
    required: ['sha256', 'producer', 'jobs', 'corrections'],
    properties: {
      sha256: { ...string, description: 'Of the compact text of the producer.' },
      producer: { $ref: getSchemaPath('Producer') },
      jobs: count,
      corrections: count,
    },
  },
  ReviewEvent: {
    type: 'object',
    required: ['event', 'by', 'at'],
    properties: {
      event: { type: 'string', enum: ['approved', 'reopened', 'flagged', 'confirmed'] },
      by: string,
      at: time,
      add: { type: 'array', items: string, description: 'Only of `flagged`: flags that were set.' },
      remove: { type: 'array', items: string, description: 'Only of `flagged`: flags that were taken away.' },
      field_paths: {
        type: 'array',
        items: string,
        description:
          'Only of `confirmed`: values that were found right, by paths of the result as it was then.',
      },
    },
  },
  Divergence: {
    type: 'object',
    description:
      'Only where undoing the trail is not exact: the first correction that does not fit, counted from 0, and why.',
    required: ['correction', 'reason'],
    properties: {
      correction: count,
      reason: { type: 'string', enum: ['path_invalid', 'path_missing', 'path_exists', 'value_differs'] },
    },
  },
  Statistics: {
    type: 'object',
    required: Object.keys(statistics),
    properties: {
      total_jobs: count,
      approved_jobs: count,
      total_corrections: count,
      jobs_with_corrections: count,
      top_corrected_fields: {
        type: 'array',
        items: { $ref: getSchemaPath('CorrectedField') },
        description: 'Most corrected first.',
      },
      producers: {
        type: 'array',
        items: { $ref: getSchemaPath('ProducerStatistics') },
        description: 'Those that made most jobs first; as many as fields.',
      },
      weeks: {
        type: 'array',
        items: { $ref: getSchemaPath('WeekStatistics') },
        description: 'Only with `weeks`: consecutive weeks, oldest first, up to the last one with any work.',
      },
    },
  },
  WeekStatistics: {
    type: 'object',
    required: ['week', 'corrections', 'approvals'],
    properties: {
      week: {
        ...string,
        pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$',
        description: 'The Monday on which it begins, in UTC.',
      },
      corrections: count,
      approvals: { ...count, description: 'Of jobs that are approved now.' },
    },
  },
  CorrectedField: {
    type: 'object',
    required: ['field_path', 'count'],
    properties: { field_path: string, count },
  },
};
