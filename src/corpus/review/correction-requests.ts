import { JSON_NULL } from '../../json-text/read.js';
import { type FieldReader } from '../field-reader.js';
import { type CorrectionRequest } from './review.service.js';

/** Reads one correction, or a list of them in `corrections`. */
export function readCorrections(fields: FieldReader): {
  requests: CorrectionRequest[];
  nameOf: (index: number, member: string) => string;
} {
  if (!fields.has('corrections'))
    return { requests: [readCorrection(fields)], nameOf: (_, member) => member };
  fields.expectKeys(['corrections'], []);
  const requests = fields.objects('corrections').map(readCorrection);
  if (requests.length === 0) fields.fault('corrections', 'is empty');
  return { requests, nameOf: (index, member) => `corrections[${index}].${member}` };
}

function readCorrection(fields: FieldReader): CorrectionRequest {
  const op = fields.op('op');
  const isRemoval = op === 'remove';
  fields.expectKeys(['field_path', ...(isRemoval ? [] : ['new_value'])], ['op', 'reason', 'new_value']);
  const value = fields.json('new_value');
  if (isRemoval && !value.equals(JSON_NULL)) fields.fault('new_value', 'is not null, which a remove needs');
  return {
    path: fields.string('field_path'),
    op,
    value: isRemoval ? null : value,
    reason: fields.nullableString('reason'),
  };
}
