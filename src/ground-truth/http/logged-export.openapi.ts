import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, getSchemaPath } from '@nestjs/swagger';
import { apiProblems, UNAVAILABLE } from '../../platform/http/problem.openapi.js';

/** The header of downloads. */
export const EXPORT_ID = {
  description: 'The id of this download in the access log: see `GET /api/v1/ground-truth/exports/{id}`.',
  schema: { type: 'string', format: 'uuid' },
} as const;

const loggedExport = {
  id: '019abf3e-5d1c-7cc8-9c4e-0f6a3d2b7a11',
  began_at: '2025-11-26T09:30:00.123Z',
  who: 'trainer',
  via: 'http',
  filter: { approved_only: true },
  ended_at: '2025-11-26T09:30:01.5Z',
  outcome: 'complete',
  samples: 226,
  bytes: 1_043_210,
  sha256: '0f343b0931126a20f133d67c2b018a3b5a4e2c1d9f6e8b7a6c5d4e3f2a1b0c9d',
};

export const DescribeLoggedExport = () =>
  applyDecorators(
    ApiOperation({
      summary: 'See how an export ended',
      description:
        'The entry of an export, or of an answer of the feed, in the access log, by its `Export-Id`: what was sent, and its digest. ' +
        'With it, a client knows that what it holds is whole. A key sees its own exports, `admin` sees all, those of commands too.',
    }),
    ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' }, description: 'The `Export-Id`.' }),
    ApiOkResponse({
      description: 'The entry. `outcome` is null while the export runs, and if its server died.',
      content: {
        'application/json': { schema: { $ref: getSchemaPath('LoggedExport') }, example: loggedExport },
      },
    }),
    ...apiProblems(`/api/v1/ground-truth/exports/${loggedExport.id}`, [
      ['invalid-parameters', 'id: "42" is not a UUID', { field: 'id', message: '"42" is not a UUID' }],
      ['export-not-found', `there is no export ${loggedExport.id}, or it was made with another key`],
      ...UNAVAILABLE,
    ]),
  );

const nullable = (schema: object) => ({ ...schema, nullable: true });
const time = { type: 'string', format: 'date-time' };
const count = { type: 'integer', minimum: 0 };

export const loggedExportSchemas = {
  AskedFor: { type: 'object', additionalProperties: true, description: 'The parameters, by name.' },
  LoggedExport: {
    type: 'object',
    description: 'An entry of the access log. What tells the outcome is null until there is one.',
    required: Object.keys(loggedExport),
    properties: {
      id: { type: 'string', format: 'uuid' },
      began_at: time,
      who: { type: 'string', description: 'The name of the key, or of the user who ran the command.' },
      via: { type: 'string', enum: ['http', 'cli'] },
      filter: { $ref: getSchemaPath('AskedFor') },
      ended_at: nullable(time),
      outcome: nullable({
        type: 'string',
        description: '`complete`: the last byte was sent. Any other: what was sent is not whole.',
      }),
      samples: nullable(count),
      bytes: nullable({ ...count, description: 'Before compression.' }),
      sha256: nullable({ type: 'string', description: 'Of these bytes, in hexadecimal digits.' }),
    },
  },
};
