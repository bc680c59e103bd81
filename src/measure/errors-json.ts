import { type CalibrationReport } from './calibration.js';
import { type ErrorReport } from './error-counts.js';
import { type Errors } from './errors.js';

/** Errors as JSON, producers and values of fields as they are written. */
export function errorsJson({ jobs, reviewers, all, fields, by, groups, calibration }: Errors): string {
  const members = [
    `"jobs":${JSON.stringify(jobs)}`,
    `"reviewers":${JSON.stringify(reviewers)}`,
    `"all":${JSON.stringify(all)}`,
    `"fields":${JSON.stringify(fields)}`,
    ...(groups ? [`"by":${JSON.stringify(by)}`, `"groups":[${groups.map(groupJson).join(',')}]`] : []),
    ...(calibration ? [`"calibration":${calibrationJson(calibration)}`] : []),
  ];
  return `{${members.join(',')}}`;
}

function groupJson([name, { all, fields }]: readonly [string, ErrorReport]): string {
  return `{"group":${name},"all":${JSON.stringify(all)},"fields":${JSON.stringify(fields)}}`;
}

function calibrationJson({ max_error, documents, fields }: NonNullable<Errors['calibration']>): string {
  const ofProducers = ({ all, producers }: typeof documents) =>
    `{"all":${JSON.stringify(all)},"producers":[${producers.map(producerJson).join(',')}]}`;
  return `{"max_error":${max_error},"documents":${ofProducers(documents)},"fields":${ofProducers(fields)}}`;
}

function producerJson([name, report]: readonly [string, CalibrationReport]): string {
  return `{"producer":${name},${JSON.stringify(report).slice(1)}`;
}
