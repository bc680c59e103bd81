/** OpenAPI of measures. Not in the DTOs, because the commands share them and must not load Swagger. */
import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiTags, getSchemaPath } from '@nestjs/swagger';
import {
  apiSampleFilters,
  refusal,
  UNREADABLE,
  UNUSABLE,
} from '../../ground-truth/http/ground-truth.openapi.js';
import { apiProblems, LONG_READ_PROBLEMS, UNAVAILABLE } from '../../platform/http/problem.openapi.js';
import { DEFAULT_BUCKETS, DEFAULT_PER } from '../coverage-query.js';
import { GROUPINGS } from '../errors-query.js';
import { coverage, errors } from './measure.examples.js';

const ERRORS = '/api/v1/ground-truth/errors';
const COVERAGE = '/api/v1/ground-truth/coverage';

export const DescribeMeasures = () => applyDecorators(ApiTags('measures'));

export const DescribeErrors = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Measure what pipelines get wrong',
      description:
        'By field, of approved samples whose trail leads back exactly: how many values reviewers changed, added and removed, the ' +
        'rate of these errors with its 95% interval, and which characters were misread. Nothing is known of jobs that are not ' +
        'approved: `jobs` says how many there are, and `reviewers` who approves without correcting anything. The command ' +
        '`ground-truth errors --json` prints the same.',
    }),
    ...apiSampleFilters(),
    ApiQuery({
      name: 'by',
      required: false,
      schema: { type: 'string' },
      description: `Also for groups of documents: ${GROUPINGS.map((name) => `\`${name}\``).join(', ')} (the month of \`created_at\`), or the path of a field, such as \`header.satuan\`. At most 200 groups.`,
    }),
    ApiQuery({
      name: 'calibration',
      required: false,
      schema: { type: 'boolean', default: false },
      description: 'Also compare confidences, of documents and of values, with what was right.',
    }),
    ApiQuery({
      name: 'max_error',
      required: false,
      schema: { type: 'number', minimum: 0, maximum: 1, default: 0.01 },
      description:
        'With `calibration`: the share of errors to accept among what passes without a review, for `threshold`.',
    }),
    ApiOkResponse({
      description: 'The errors.',
      content: { 'application/json': { schema: { $ref: getSchemaPath('Errors') }, example: errors } },
    }),
    ...apiProblems(ERRORS, [
      refusal('max_error', '"2" is not a number from 0 to 1'),
      UNREADABLE,
      UNUSABLE,
      ...UNAVAILABLE,
      ...LONG_READ_PROBLEMS,
    ]),
  );

export const DescribeCoverage = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Count samples against how many it takes',
      description:
        'Approved samples whose trail leads back exactly: how many there are of each kind, how many are missing, the pace of the ' +
        'last 28 days, and the day on which there will be enough; and whether the error rates are known well enough to see a gain. ' +
        'The command `ground-truth coverage --json` prints the same.',
    }),
    ...apiSampleFilters(),
    ApiQuery({
      name: 'bucket',
      required: false,
      schema: { type: 'string' },
      description: `Kinds of documents, by a field that they have: \`name=path:number\`, with commas between them. Without it and \`per\`: \`${DEFAULT_BUCKETS}\`.`,
    }),
    ApiQuery({
      name: 'per',
      required: false,
      schema: { type: 'string' },
      description: `Fields of which each value needs so many documents: \`path:number\`, with commas between them. Without it and \`bucket\`: \`${DEFAULT_PER}\`.`,
    }),
    ApiQuery({
      name: 'gain',
      required: false,
      schema: { type: 'number', minimum: 0.000001, maximum: 1, default: 0.02 },
      description: 'The gain of an error rate that should be seen, as a share.',
    }),
    ApiQuery({
      name: 'as_of',
      required: false,
      schema: { type: 'string', format: 'date-time' },
      examples: {
        now: { summary: 'now', value: '' },
        time: { summary: 'a time', value: '2025-06-30T00:00:00Z' },
      },
      description: 'The end of the 28 days whose pace counts: RFC 3339, or a date. Without it, now.',
    }),
    ApiOkResponse({
      description: 'The coverage.',
      content: { 'application/json': { schema: { $ref: getSchemaPath('Coverage') }, example: coverage } },
    }),
    ...apiProblems(COVERAGE, [
      refusal('gain', '"0" is not a number from 0.000001 to 1'),
      UNREADABLE,
      UNUSABLE,
      ...UNAVAILABLE,
      ...LONG_READ_PROBLEMS,
    ]),
  );

const string = { type: 'string' };
const count = { type: 'integer', minimum: 0 };
const share = { type: 'number', minimum: 0, maximum: 1 };
const nullableShare = { ...share, nullable: true };
const interval = {
  type: 'array',
  items: share,
  minItems: 2,
  maxItems: 2,
  nullable: true,
  description: 'The bounds of the 95% interval.',
};
const list = (name: string) => ({ type: 'array', items: { $ref: getSchemaPath(name) } });

const rates = {
  documents: { ...count, description: 'Documents that have such values.' },
  documents_affected: { ...count, description: 'Documents with an error.' },
  documents_rate: nullableShare,
  documents_interval: interval,
  values: { ...count, description: 'Values of the initial result, of the final one, or of both: each once.' },
  wrong: { ...count, description: 'Values that reviewers changed.' },
  missing: { ...count, description: 'Values that reviewers added.' },
  spurious: { ...count, description: 'Values that reviewers removed.' },
  edited: { ...count, description: '`wrong` + `missing` + `spurious`.' },
  confirmed: { ...count, description: 'Right values that a reviewer confirmed by themselves.' },
  only_approved: { ...count, description: 'Right values that were approved only with the whole document.' },
  rate: { ...nullableShare, description: '(`wrong` + `missing` + `spurious`) / `values`.' },
  interval,
};

const fields = {
  ...list('FieldErrors'),
  description: 'The field whose rate is at least the highest comes first.',
};

const calibration = {
  documents: count,
  values: count,
  right: count,
  ece: { ...nullableShare, description: 'The expected calibration error, of ten bins.' },
  brier: nullableShare,
  auroc: { ...nullableShare, description: 'Null unless there are right and wrong values.' },
  bins: list('ReliabilityBin'),
  threshold: {
    allOf: [{ $ref: getSchemaPath('Threshold') }],
    description: 'Lets the most values pass with a share of errors of at most `max_error`.',
  },
  assured_threshold: {
    allOf: [{ $ref: getSchemaPath('Threshold') }],
    description: 'The same, with the upper bound of the share.',
  },
};

const progress = {
  have: count,
  need: count,
  missing: count,
  last_28_days: { ...count, description: 'Approved in the 28 days before `as_of`.' },
  day: {
    type: 'string',
    pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$',
    nullable: true,
    description:
      'The day on which there will be enough at this pace; null if there are enough, or none came.',
  },
};

const schema = <Properties extends object>(properties: Properties, optional: readonly string[] = []) => ({
  type: 'object',
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  properties,
});

/** The schemas of measures, by name. */
export const measureSchemas = {
  Errors: schema(
    {
      jobs: { $ref: getSchemaPath('MeasuredJobs') },
      reviewers: {
        ...list('ReviewerCounts'),
        description: 'How many documents each approved, and the share of those that had no correction.',
      },
      all: { $ref: getSchemaPath('ErrorRates') },
      fields,
      by: { ...string, description: 'Only with `by`.' },
      groups: { ...list('ErrorGroup'), description: 'Only with `by`.' },
      calibration: { $ref: getSchemaPath('ErrorCalibration') },
    },
    ['by', 'groups', 'calibration'],
  ),
  MeasuredJobs: schema({
    total: { ...count, description: 'Jobs that the filters select.' },
    approved: count,
    approved_share: nullableShare,
    diverged: { ...count, description: 'Approved, but their trail does not lead back exactly: left out.' },
    too_large: { ...count, description: 'Approved, but with too many values to compare: left out.' },
    measured: count,
    uncorrected: { ...count, description: 'Measured, and approved without any correction.' },
    uncorrected_share: nullableShare,
  }),
  ReviewerCounts: schema({
    reviewer: { ...string, nullable: true },
    approved: count,
    uncorrected: count,
    rate: { ...nullableShare, description: '`uncorrected` / `approved`.' },
    interval,
  }),
  ErrorRates: schema(rates),
  FieldErrors: schema({
    field_path: string,
    ...rates,
    confusions: {
      ...list('Confusion'),
      description: 'The characters that were misread most often.',
    },
  }),
  Confusion: schema({
    from: { ...string, description: 'What the pipeline wrote.' },
    to: { ...string, description: 'What is right.' },
    count,
  }),
  ErrorGroup: schema({
    group: { description: 'What the documents have in common, any JSON.' },
    all: { $ref: getSchemaPath('ErrorRates') },
    fields,
  }),
  ErrorCalibration: {
    ...schema({
      max_error: share,
      documents: { $ref: getSchemaPath('Calibrations') },
      fields: { $ref: getSchemaPath('Calibrations') },
    }),
    description:
      'Only with `calibration`: of the confidences of documents, which are right without any error, and of values.',
  },
  Calibrations: schema({
    all: { $ref: getSchemaPath('Calibration') },
    producers: list('ProducerCalibration'),
  }),
  Calibration: schema(calibration),
  ProducerCalibration: schema({ producer: { description: 'A producer, or null.' }, ...calibration }),
  ReliabilityBin: schema({
    low: share,
    high: share,
    values: { ...count, description: 'Values with a confidence above `low`, and up to `high`.' },
    right: count,
    mean_confidence: nullableShare,
    accuracy: { ...nullableShare, description: 'The share of right values.' },
    interval,
  }),
  Threshold: {
    ...schema({
      confidence: share,
      values: { ...count, description: 'Values with at least this confidence.' },
      share,
      wrong: count,
      rate: nullableShare,
      interval,
    }),
    nullable: true,
  },
  Coverage: schema({
    as_of: { type: 'string', format: 'date-time' },
    jobs: { $ref: getSchemaPath('CoveredJobs') },
    buckets: list('BucketCoverage'),
    per: list('ValueCoverage'),
    gain: { $ref: getSchemaPath('Gain') },
  }),
  CoveredJobs: schema({
    total: count,
    approved: count,
    diverged: { ...count, description: 'Approved, but their trail does not lead back exactly: left out.' },
    too_large: {
      ...count,
      description: 'Approved, but with too many values to compare: left out of `gain`.',
    },
  }),
  BucketCoverage: schema({ name: string, field_path: string, ...progress }),
  ValueCoverage: schema({
    field_path: string,
    values: { ...count, description: 'Different values.' },
    done: { ...count, description: 'Values of which there are enough documents.' },
    progress: list('ValueProgress'),
  }),
  ValueProgress: schema({ value: { description: 'A value, any JSON.' }, ...progress }),
  Gain: schema({
    gain: share,
    documents: { $ref: getSchemaPath('Precision') },
    values: { $ref: getSchemaPath('Precision') },
  }),
  Precision: schema({
    rate: nullableShare,
    interval,
    half_width: nullableShare,
    is_narrow_enough: { type: 'boolean', description: '`half_width` is at most the gain.' },
    documents_needed: { ...count, nullable: true, description: 'About how many documents that takes.' },
  }),
};
