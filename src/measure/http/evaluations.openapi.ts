/** OpenAPI of evaluations. Not in the DTO, because the command shares it and must not load Swagger. */
import { applyDecorators } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import {
  apiSampleFilters,
  refusal,
  UNREADABLE,
  UNUSABLE,
} from '../../ground-truth/http/ground-truth.openapi.js';
import { apiProblems, TRANSFER_PROBLEMS, UNAVAILABLE } from '../../platform/http/problem.openapi.js';
import { PARENT_SCORES, VALUE_SCORES } from '../scores.js';
import { evaluation, predictions } from './evaluation.examples.js';

export const NDJSON = 'application/x-ndjson';
const EVALUATIONS = '/api/v1/ground-truth/evaluations';

export const DescribeEvaluations = () => applyDecorators(ApiTags('measures'));

export const DescribeEvaluation = () =>
  applyDecorators(
    ApiOperation({
      summary: 'Score predictions',
      description:
        'Scores results of a model by the approved samples whose trail leads back exactly, beside the same scores of the pipeline ' +
        'that made the samples. Each score has its 95% interval, and the difference has one of its own, since both are of the same ' +
        'documents. Documents without a prediction count as wrong. The command `ground-truth evaluate --json` prints the same.',
    }),
    ...apiSampleFilters(),
    ApiQuery({
      name: 'numbers',
      required: false,
      schema: { type: 'string', enum: ['value', 'text'], default: 'value' },
      description: '`value`: `1.0` is `1`; `text`: it is not.',
    }),
    ApiQuery({
      name: 'null',
      required: false,
      schema: { type: 'string', enum: ['missing', 'value'], default: 'missing' },
      description: '`missing`: null is as good as no value; `value`: it is one.',
    }),
    ApiQuery({
      name: 'ignore_case',
      required: false,
      schema: { type: 'boolean', default: false },
      description: 'Take upper and lower case for the same.',
    }),
    ApiQuery({
      name: 'fail_under',
      required: false,
      schema: { type: 'string' },
      description:
        'Name in `missed` the scores that are lower: `SCORE=NUMBER` or `PATH:SCORE=NUMBER`, with commas between several, ' +
        'such as `f1=0.9,personel[*].nrp:f1=0.95`.',
    }),
    ApiQuery({
      name: 'bound',
      required: false,
      schema: { type: 'string', enum: ['value', 'lower'], default: 'value' },
      description: 'What `fail_under` compares: the value, or the lower end of its interval.',
    }),
    ApiQuery({
      name: 'worst',
      required: false,
      schema: { type: 'integer', minimum: 0, maximum: 1_000, default: 0 },
      description: 'List so many of the documents with the lowest F1.',
    }),
    ApiConsumes(NDJSON),
    ApiBody({
      description: 'Predictions, one a line, in any order. The schema is that of a line.',
      schema: { $ref: getSchemaPath('Prediction') },
      examples: { two: { value: predictions.map((line) => `${JSON.stringify(line)}\n`).join('') } },
    }),
    ApiOkResponse({
      description: 'The scores.',
      content: { 'application/json': { schema: { $ref: getSchemaPath('Evaluation') }, example: evaluation } },
    }),
    ...apiProblems(EVALUATIONS, [
      refusal('numbers', '"exact" is not value or text'),
      ['invalid-body', 'line 3: job_id is missing', { field: 'line 3: job_id', message: 'is missing' }],
      ['unsupported-media-type', `the body must be ${NDJSON}, uncompressed`],
      ['nothing-to-score', 'there are no predictions; give lines with job_id and result'],
      UNREADABLE,
      UNUSABLE,
      ...UNAVAILABLE,
      ...TRANSFER_PROBLEMS,
    ]),
  );

const string = { type: 'string' };
const count = { type: 'integer', minimum: 0 };
const number = { type: 'number', nullable: true };
const score = { $ref: getSchemaPath('EvaluationScore') };

function scores(names: readonly string[]): Record<string, typeof score> {
  return Object.fromEntries(names.map((name) => [name, score]));
}

function fieldSchema(names: readonly string[], description: string) {
  const properties = {
    field_path: { ...string, description: 'With `[*]` for any index.' },
    documents: { ...count, description: 'In which the corpus, the prediction or the pipeline has it.' },
    values: { ...count, description: 'Of the corpus.' },
    predicted: count,
    right: count,
    ...scores(names),
  };
  return { type: 'object', description, required: Object.keys(properties), properties };
}

function listOf(name: string, description: string) {
  return { type: 'array', items: { $ref: getSchemaPath(name) }, description };
}

const overall = scores(['exact', 'anls', ...VALUE_SCORES, 'macro_f1']);

/** The schemas of evaluations, by name. */
export const evaluationSchemas = {
  Prediction: {
    type: 'object',
    required: ['job_id', 'result'],
    properties: {
      job_id: { type: 'string', format: 'uuid' },
      result: { description: 'What the model says the result is, any JSON.' },
    },
  },
  Evaluation: {
    type: 'object',
    required: Object.keys(evaluation),
    properties: {
      documents: { ...count, description: 'Approved samples whose trail leads back exactly.' },
      predictions: count,
      missing: { ...count, description: 'Documents without a prediction, which count as wrong.' },
      coarse: {
        ...count,
        description: 'Documents that are too large to match all rows as well as can be.',
      },
      sameness: { $ref: getSchemaPath('EvaluationSameness') },
      scores: { $ref: getSchemaPath('EvaluationScores') },
      fields: listOf('EvaluatedField', 'In the order of the documents.'),
      parents: listOf('EvaluatedParent', 'Objects and arrays: each is right only if all in it is.'),
      worst: listOf('EvaluatedDocument', 'The documents with the lowest F1 first.'),
      missed: listOf('MissedThreshold', 'Of `fail_under`.'),
    },
  },
  EvaluationSameness: {
    type: 'object',
    description: 'When two values are the same.',
    required: Object.keys(evaluation.sameness),
    properties: {
      numbers: { type: 'string', enum: ['value', 'text'] },
      null: { type: 'string', enum: ['missing', 'value'] },
      ignore_case: { type: 'boolean' },
    },
  },
  EvaluationScores: {
    type: 'object',
    description:
      '`exact`: documents in which everything is right. `anls`: ANLS*, the mean of documents. `macro_f1`: the mean of the fields. ' +
      '`aligned`: KIEval aligned. `cer`, `wer`: error rates of characters and words. The others are of all values.',
    required: Object.keys(overall),
    properties: overall,
  },
  EvaluationScore: {
    type: 'object',
    description: 'From 0 to 1, rates may be more; null where there is nothing to score.',
    required: Object.keys(evaluation.scores.exact),
    properties: {
      value: number,
      low: { ...number, description: 'The 95% interval of the value.' },
      high: number,
      pipeline: { ...number, description: 'The same score of the pipeline.' },
      difference: { ...number, description: 'Of the value less that of the pipeline.' },
      difference_low: number,
      difference_high: number,
    },
  },
  EvaluatedField: fieldSchema(VALUE_SCORES, 'Values of one path.'),
  EvaluatedParent: fieldSchema(PARENT_SCORES, 'Objects or arrays of one path.'),
  EvaluatedDocument: {
    type: 'object',
    required: Object.keys(evaluation.worst[0]!),
    properties: {
      job_id: { type: 'string', format: 'uuid' },
      filename: string,
      has_prediction: { type: 'boolean' },
      values: count,
      predicted: count,
      right: count,
      f1: number,
      pipeline_f1: number,
    },
  },
  MissedThreshold: {
    type: 'object',
    required: ['score', 'least', 'value'],
    properties: {
      field_path: { ...string, description: 'Absent for a score of all documents.' },
      score: string,
      least: { type: 'number' },
      value: number,
    },
  },
};
