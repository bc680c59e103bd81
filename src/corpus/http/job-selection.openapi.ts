/** OpenAPI of the parameters that select and order jobs. */
import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { SORTS } from '../queue.repository.js';
import { string } from './corpus.openapi.js';

export const JobSelection = () =>
  applyDecorators(
    ...['since', 'until'].map((name) =>
      ApiQuery({
        name,
        required: false,
        schema: string,
        description: `Only jobs whose last change is ${name === 'since' ? 'at or after' : 'before'} this time, as for an export.`,
      }),
    ),
    ApiQuery({ name: 'has_corrections', required: false, schema: { type: 'boolean' } }),
    ApiQuery({
      name: 'external_id',
      required: false,
      schema: string,
      description: 'Only the job with this id of the pipeline.',
    }),
    ApiQuery({ name: 'source_kind', required: false, schema: string }),
    ApiQuery({
      name: 'flag',
      required: false,
      schema: string,
      description: 'Only jobs with this review flag.',
    }),
    ApiQuery({
      name: 'not_flag',
      required: false,
      schema: string,
      description: 'Only jobs without this review flag.',
    }),
    ApiQuery({
      name: 'filename',
      required: false,
      schema: string,
      description: 'Only jobs whose filename contains this; case does not matter.',
    }),
    ApiQuery({
      name: 'reviewed_by',
      required: false,
      schema: string,
      description: 'Only jobs that this reviewer approved or reopened last.',
    }),
    ApiQuery({
      name: 'confidence_gte',
      required: false,
      schema: { type: 'number', minimum: 0, maximum: 1 },
      description: 'Only jobs with at least this confidence.',
    }),
    ApiQuery({
      name: 'confidence_lt',
      required: false,
      schema: { type: 'number', minimum: 0, maximum: 1 },
      description: 'Only jobs with a confidence below this.',
    }),
    ApiQuery({
      name: 'field_confidence_lt',
      required: false,
      schema: { type: 'number', minimum: 0, maximum: 1 },
      description: 'Only jobs with a field of which the pipeline said a confidence below this.',
    }),
    ApiQuery({
      name: 'producer',
      required: false,
      schema: string,
      description:
        'Only jobs made by this producer: its SHA-256 digest, or `member=value`, such as `model=layout-3`.',
    }),
    ApiQuery({
      name: 'sort',
      required: false,
      schema: { type: 'string', enum: [...SORTS], default: 'created_at' },
      description:
        '`created_at`: oldest first. `confidence`, `lowest_field_confidence`: lowest first, jobs without one last; without confidences of fields, oldest first.',
    }),
  );
