import { compact } from '../json-text/index.js';
import { isTheJobItself, type JobRecord, jobText } from './job-record.js';

const JOB: JobRecord = {
  summary: {
    job_id: '01972a3c-5f00-7c3e-9b1a-2f64a0c1d2e3',
    external_id: null,
    filename: 'a.pdf',
    source_kind: 'pdf',
    approved: false,
    reviewed_by: null,
    reviewed_at: null,
    review_flags: [],
    confidence: null,
    lowest_field_confidence: null,
    created_at: '2025-06-01T10:15:00Z',
    updated_at: '2025-06-01T10:15:00Z',
    original_sha256: null,
    correction_count: 0,
    lease: null,
  },
  result: Buffer.from('{"a":1.0}'),
  lastCorrection: null,
  evidence: {
    producer: Buffer.from('null'),
    sources: Buffer.from('[]'),
    fields: Buffer.from('null'),
    moves: Buffer.from('null'),
  },
};
const PARSED = JSON.parse(jobText(JOB, JOB.evidence.fields).toString()) as Record<string, unknown>;
const isJob = (body: unknown) => isTheJobItself(Buffer.from(JSON.stringify(body)), JOB);

describe('a body that is the job itself', () => {
  it.each<[string, unknown]>([
    ['as it was read', PARSED],
    ['with a corrected result', { ...PARSED, result: { a: 2 } }],
    ['without a result', { ...PARSED, result: null }],
    ['as another version of it was', { ...PARSED, approved: true, updated_at: 'x', correction_count: 7 }],
    ['in another order', Object.fromEntries(Object.entries(PARSED).reverse())],
    ['with its id in upper case', { ...PARSED, job_id: JOB.summary.job_id.toUpperCase() }],
  ])('is recognised %s', (_, body) => {
    expect(isJob(body)).toBe(true);
  });

  it('is recognised, however it is written', () => {
    const written = JSON.stringify(PARSED, undefined, 2).replace('"job_id"', String.raw`"job\u005fid"`);
    expect(isTheJobItself(compact(Buffer.from(written)), JOB)).toBe(true);
  });

  const { result, ...withoutResult } = PARSED;
  it.each<[string, unknown]>([
    ['another job', { ...PARSED, job_id: '01972a3c-5f00-7c3e-9b1a-2f64a0c1d2e4' }],
    ['a document with a member more', { ...PARSED, total: 1 }],
    ['a document with a member less', withoutResult],
    ['a document with another member', { ...withoutResult, results: result }],
    ['a document whose id is no string', { ...PARSED, job_id: 1 }],
    ['its result', result],
    ['an object around it', { job: PARSED }],
    ['a list of it', [PARSED]],
    ['an empty document', {}],
    ['null', null],
  ])('is not %s', (_, body) => {
    expect(isJob(body)).toBe(false);
  });

  it('is not a document that has a member twice', () => {
    const twice = jobText(JOB, JOB.evidence.fields).toString().replace('"filename"', '"source_kind"');
    expect(isTheJobItself(Buffer.from(twice), JOB)).toBe(false);
  });
});
