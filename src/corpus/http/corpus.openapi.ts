/** OpenAPI parts that jobs and reviews share. On a fresh demo, the examples work, executed from top to bottom. */
import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiParam, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { type ProblemExample, WRITE_PROBLEMS } from '../../platform/http/problem.openapi.js';
import * as ofDemo from './job.examples.js';

/** Of a job that the examples create. */
export const NEW_JOB = '0197b2c4-1a00-7d11-8f3e-6b0d5a9c4e21';
/** Of a job of the demo that nobody has reviewed yet: the examples correct and approve it. */
export const JOB = '01949262-79e8-740e-a8a9-3305c224ecc4';
/** Of a job of the demo with a trail. */
export const CORRECTED_JOB = '0195fad9-8898-77fc-b0f1-1aaea86e4e02';
export const JOBS = '/api/v1/jobs';

export const OCR_TEXT = 'SURAT PERINTAH\nPerihal: Pengamanan\n1. 8703l234 RINI K\n';
export const OCR_DIGEST = '91d02b0cc6c9ab953f5376e1abef08b5cb5dad4fd37924e23674528e007a065a';
const producer = { name: 'sprint-ocr', version: '2.1.0', model: 'layout-3' };
const fields = {
  'personel[0].nrp': { confidence: 0.41, page: 1, bbox: [0.12, 0.4, 0.3, 0.42], quote: '8703l234' },
};

/** What the pipeline saw and used, where it did not come to a result. */
export const evidence = { producer, sources: [{ kind: 'ocr_text', page: 1, text: OCR_TEXT }] };

/** The sources of a job that has `evidence`. */
const sources = [
  {
    kind: 'ocr_text',
    page: 1,
    media_type: 'text/plain',
    sha256: OCR_DIGEST,
    uri: null,
    size: OCR_TEXT.length,
  },
];

export const output = {
  job_id: NEW_JOB,
  external_id: 'scan-4711',
  filename: 'sprint-0123.pdf',
  source_kind: 'pdf',
  result: { header: { perihal: 'Pengamanan' }, personel: [{ nrp: '8703l234', nama: 'RINI K' }] },
  review_flags: ['low_confidence'],
  confidence: 0.87,
  ...evidence,
  fields,
};

/** Of a document of which the pipeline made nothing. Without a `job_id`, it would be another job each time. */
export const failed = {
  job_id: '0197b2c4-1a00-7d11-8f3e-6b0d5a9c4e22',
  filename: 'sprint-0124.pdf',
  source_kind: 'pdf',
  result: null,
  review_flags: ['model_timeout'],
};

export const summary = {
  job_id: '01949262-79e8-740e-a8a9-3305c224ecc4',
  external_id: 'ocr-000038',
  filename: 'IMG_20250120_105624.jpg',
  source_kind: 'image',
  approved: false,
  reviewed_by: null,
  reviewed_at: null,
  review_flags: [],
  confidence: 0.8322,
  lowest_field_confidence: ofDemo.lowestConfidence,
  created_at: '2025-01-23T08:58:34.856706Z',
  updated_at: '2025-01-23T08:58:34.856706Z',
  original_sha256: 'a98483c2dfb0156d8b52d56d5a8203fbc705b90848534e92153ee7f322b5d084',
  correction_count: 0,
  lease: null,
};

/** A lease of JOB. */
export const lease = {
  token: 'x0bVYhTgpZ7m1dJX8r2FvQ3nKcLw5sEtUi9oAyPzHqM',
  held_by: 'rini.k',
  expires_at: '2025-06-02T03:30:00Z',
};

const { result, ...members } = output;

/** The job that `output` makes. */
export const created = {
  ...summary,
  ...members,
  lowest_field_confidence: 0.41,
  created_at: '2025-06-01T10:15:00.5Z',
  updated_at: '2025-06-01T10:15:00.5Z',
  original_sha256: '7d2cc33d1a18840bb948656a5e1694c08a9807d1b66588af6908cea02fcb30ab',
  sources,
  fields: { 'personel[0].nrp': { ...fields['personel[0].nrp'], touched: false } },
  result,
};

/** The job that `failed` makes, once it has `evidence`. */
export const failedWithEvidence = {
  ...summary,
  ...failed,
  external_id: null,
  confidence: null,
  lowest_field_confidence: null,
  created_at: '2025-06-01T10:15:01Z',
  updated_at: '2025-06-01T10:15:01Z',
  original_sha256: null,
  producer,
  sources,
  fields: null,
};

const resultWith = (nama: string, nrp: string, untuk: readonly string[]) => ({
  header: {
    nomor_sprint: 'Sprin/438/I/KES.8.1./2025',
    perihal: 'Pelaksanaan\ntes kesamaptaan jasmani periodik',
    satuan: 'Polda Jawa Barat',
    tanggal: '20 Januari 2025',
    dasar: [
      'Undang-Undang Nomor 2 Tahun 2002 tentang Kepolisian Negara Republik Indonesia',
      'Surat Kepala Biro SDM Nomor B/1228/KES.8.1./2025',
    ],
    untuk,
  },
  personel: [
    {
      pangkat: 'AIPDA',
      nrp: '71911146',
      nama: 'JOKO WIBOWO',
      jabatan: 'BANUM POLDA',
      keterangan: 'KETUA TIM',
    },
    {
      pangkat: 'BRIPKA',
      nrp: '80060198',
      nama: 'RATNA MAULANA',
      jabatan: 'PS. KASUBNIT POLDA',
      keterangan: null,
    },
    {
      pangkat: 'BRIGPOL',
      nrp: '88050209',
      nama,
      jabatan: 'BANUM POLDA',
      keterangan: null,
    },
    {
      pangkat: 'BRIPDA',
      nrp,
      nama: 'DADANG SAPUTRA',
      jabatan: 'BANUM POLDA',
      keterangan: 'PENYIDIK',
    },
    {
      pangkat: 'PENGDA',
      nrp: '199B02192021011004',
      nama: 'KOMANG KUSUMA',
      jabatan: 'OPERATOR KOMPUTER',
      keterangan: null,
    },
  ],
});

const TASKS = [
  'Menjadi penguji dan pencatat waktu',
  'Menyusun rekapitulasi nilai',
  'peserta',
  'Surat perintah ini berlaku sejak tanggal dikeluarkan',
];

/** JOB, as the demo has it. */
export const job = {
  ...summary,
  result: resultWith('FERI SlREGAR', '0502I202', TASKS),
  producer: ofDemo.producer,
  sources: ofDemo.sources,
  fields: ofDemo.fieldsTouched(),
};

/** Its result with three mistakes corrected: a name, a number, and one task that became two. */
export const correctedResult = resultWith('FERI SIREGAR', '05021202', [
  TASKS[0]!,
  'Menyusun rekapitulasi nilai peserta',
  TASKS[3]!,
]);

export const approved = {
  ...summary,
  approved: true,
  reviewed_by: 'rini.k',
  reviewed_at: '2025-06-02T03:20:00Z',
  updated_at: '2025-06-02T03:20:00Z',
  correction_count: 1,
  result: resultWith('FERI SIREGAR', '0502I202', TASKS),
  producer: ofDemo.producer,
  sources: ofDemo.sources,
  fields: ofDemo.fieldsTouched('personel[2].nama'),
};

/** The same, with a reason. */
export const reasonedResult = {
  result: correctedResult,
  reasons: { 'personel[2].nama': 'I dibaca l' },
};

/** The correction of the example that corrects one field. */
export const recorded = {
  id: 543,
  field_path: 'personel[2].nama',
  op: 'replace',
  old_value: 'FERI SlREGAR',
  new_value: 'FERI SIREGAR',
  corrected_by: 'rini.k',
  reason: 'I dibaca l',
  corrected_at: '2025-06-02T03:19:40Z',
};

/** What the dry run with `correctedResult` answers. */
export const derived = [
  { field_path: 'header.untuk[2]', op: 'remove', old_value: 'peserta', new_value: null },
  {
    field_path: 'header.untuk[1]',
    op: 'replace',
    old_value: 'Menyusun rekapitulasi nilai',
    new_value: 'Menyusun rekapitulasi nilai peserta',
  },
  { field_path: 'personel[2].nama', op: 'replace', old_value: 'FERI SlREGAR', new_value: 'FERI SIREGAR' },
  { field_path: 'personel[3].nrp', op: 'replace', old_value: '0502I202', new_value: '05021202' },
];

/** The trail of CORRECTED_JOB. */
export const trail = [
  {
    id: 273,
    field_path: 'personel[3].nama',
    op: 'replace',
    old_value: 'TEGUH 5AEFULLAH',
    new_value: 'TEGUH SAEFULLAH',
    corrected_by: 'm.yusuf',
    reason: null,
    corrected_at: '2025-04-04T03:45:10Z',
  },
];

export const anyJson = {
  description: 'Any JSON. It is stored as written, without insignificant white space.',
};
export const string = { type: 'string' };
const nullableString = { type: 'string', nullable: true };
const time = { type: 'string', format: 'date-time' };
const uuid = { type: 'string', format: 'uuid' };
const flags = { type: 'array', items: string };
const external_id = {
  ...nullableString,
  maxLength: 255,
  description: 'The pipeline’s own id of the document.',
};
const confidence = { type: 'number', nullable: true, minimum: 0, maximum: 1 };
const op = { type: 'string', enum: ['replace', 'add', 'remove'] };

const summaryProperties = {
  job_id: uuid,
  external_id,
  filename: string,
  source_kind: string,
  approved: { type: 'boolean' },
  reviewed_by: nullableString,
  reviewed_at: { ...time, nullable: true },
  review_flags: flags,
  confidence,
  lowest_field_confidence: {
    ...confidence,
    description: 'Of the fields of the pipeline’s own result; null if it gave none.',
  },
  created_at: time,
  updated_at: { ...time, description: 'Of the last change.' },
  original_sha256: {
    ...nullableString,
    description: 'Of the compact original result; null if the original is not known.',
  },
  correction_count: { type: 'integer', minimum: 0 },
  lease: { $ref: getSchemaPath('Holding') },
};

const holdingProperties = {
  held_by: { ...string, description: 'The `X-User-Id` with which the job was taken.' },
  expires_at: { ...time, description: 'When the job is free again, unless the lease is renewed.' },
};
const leaseProperties = { token: string, ...holdingProperties };

const producerSchema = { $ref: getSchemaPath('Producer') };

const namedProducer = {
  type: 'object',
  nullable: true,
  additionalProperties: true,
  description:
    'What made the result: by custom `name`, `version`, `model`, `prompt`, `schema`, … At most 64 KiB.',
};

const sourceProperties = {
  kind: { ...string, description: '`ocr_text`, `page_image`, `document`, or free text.' },
  page: { type: 'integer', minimum: 1, nullable: true },
  media_type: nullableString,
  sha256: { ...nullableString, description: 'Of the content, in hexadecimal.' },
  uri: { ...nullableString, description: 'Where the content is elsewhere. It is never fetched.' },
};

const field = {
  type: 'object',
  description: 'What the pipeline says of one field. Further members are kept.',
  additionalProperties: true,
};

const fieldProperties = {
  confidence,
  page: { type: 'integer', minimum: 1, nullable: true },
  bbox: {
    type: 'array',
    nullable: true,
    minItems: 4,
    maxItems: 4,
    items: { type: 'number', minimum: 0, maximum: 1 },
    description: '`[x0,y0,x1,y1]`, shares of the width and the height of the page, from its top left.',
  },
  quote: { ...nullableString, description: 'The text that the value was read from.' },
};

const evidenceProperties = {
  producer: producerSchema,
  sources: {
    type: 'array',
    maxItems: 2_000,
    items: { $ref: getSchemaPath('NewSource') },
    description: 'What the document looks like, in order.',
  },
  fields: { $ref: getSchemaPath('Fields') },
};

const plannedProperties = { field_path: string, op, old_value: anyJson, new_value: anyJson };

const correctionProperties = {
  id: { type: 'integer', format: 'int64' },
  ...plannedProperties,
  corrected_by: string,
  reason: nullableString,
  corrected_at: time,
};

const correctionList = { type: 'array', items: { $ref: getSchemaPath('Correction') } };

const whole_document = {
  type: 'boolean',
  enum: [true],
  description:
    'Only for a whole result, and only if one correction replaces it, because there would be more than 10,000.',
};

/** The schemas of the write side, by name. */
export const corpusSchemas = {
  NewJob: {
    type: 'object',
    description: 'What a pipeline made of a document.',
    required: ['filename', 'source_kind'],
    properties: {
      job_id: uuid,
      external_id,
      filename: string,
      source_kind: { ...string, description: 'Free text: `pdf`, `image`, …' },
      result: { ...anyJson, description: 'Any JSON. null or absent if the pipeline failed.' },
      review_flags: flags,
      confidence,
      created_at: time,
      ...evidenceProperties,
    },
  },
  Evidence: {
    type: 'object',
    description: 'What a pipeline saw and used: at least one of them.',
    additionalProperties: false,
    properties: evidenceProperties,
  },
  NewSource: {
    type: 'object',
    description:
      'A part of what the document looks like. It needs `text`, `sha256` (of content that was sent first), or `uri`.',
    required: ['kind'],
    additionalProperties: false,
    properties: {
      ...sourceProperties,
      text: { ...string, description: 'The content itself, if it is text.' },
    },
  },
  Source: {
    type: 'object',
    required: [...Object.keys(sourceProperties), 'size'],
    properties: {
      ...sourceProperties,
      size: {
        type: 'integer',
        format: 'int64',
        nullable: true,
        description: 'Bytes of the content; null if it is not held here.',
      },
    },
  },
  HeldSource: { type: 'object', required: ['sha256'], properties: { sha256: string } },
  Producer: namedProducer,
  Fields: {
    type: 'object',
    nullable: true,
    additionalProperties: { $ref: getSchemaPath('Field') },
    description: 'What the pipeline says of single fields of its result, by field path.',
  },
  CurrentFields: {
    type: 'object',
    nullable: true,
    additionalProperties: { $ref: getSchemaPath('CurrentField') },
    description: 'What the pipeline said of single fields, by the paths that they have now.',
  },
  Field: { ...field, properties: fieldProperties },
  CurrentField: {
    ...field,
    required: ['touched'],
    properties: {
      ...fieldProperties,
      touched: { type: 'boolean', description: 'Whether a correction changed the field, or a part of it.' },
    },
  },
  BatchCounts: {
    type: 'object',
    required: ['created', 'unchanged'],
    properties: { created: { type: 'integer' }, unchanged: { type: 'integer' } },
  },
  JobSummary: {
    type: 'object',
    description: 'A job without its result.',
    required: Object.keys(summaryProperties),
    properties: summaryProperties,
  },
  Job: {
    type: 'object',
    required: [...Object.keys(summaryProperties), 'result', 'producer', 'sources', 'fields'],
    properties: {
      ...summaryProperties,
      result: { ...anyJson, description: 'The current result, any JSON.' },
      producer: producerSchema,
      sources: { type: 'array', items: { $ref: getSchemaPath('Source') } },
      fields: { $ref: getSchemaPath('CurrentFields') },
    },
  },
  Holding: {
    type: 'object',
    nullable: true,
    description: 'Who reviews a job at the moment; null if nobody does.',
    required: Object.keys(holdingProperties),
    properties: holdingProperties,
  },
  Lease: { type: 'object', required: Object.keys(leaseProperties), properties: leaseProperties },
  LeasedJob: {
    type: 'object',
    description: 'A job that was handed out.',
    required: ['job', 'lease'],
    properties: { job: { $ref: getSchemaPath('Job') }, lease: { $ref: getSchemaPath('Lease') } },
  },
  FlagChange: {
    type: 'object',
    description: 'Review flags to set and to take away: at least one of the two. No flag is in both.',
    additionalProperties: false,
    properties: { add: { ...flags, maxItems: 1_000 }, remove: { ...flags, maxItems: 1_000 } },
  },
  NewConfirmation: {
    type: 'object',
    required: ['field_paths'],
    additionalProperties: false,
    properties: {
      field_paths: {
        type: 'array',
        minItems: 1,
        maxItems: 1_000,
        items: string,
        description:
          'Paths of the current result, dotted or JSON Pointers (RFC 6901). An array or object stands for all that is in it.',
      },
    },
  },
  Confirmation: {
    type: 'object',
    description: 'A confirmation, as the history has it.',
    required: ['event', 'by', 'at', 'field_paths'],
    properties: {
      event: { ...string, enum: ['confirmed'] },
      by: string,
      at: time,
      field_paths: { type: 'array', items: string, description: 'In dotted form, each once.' },
    },
  },
  JobPage: {
    type: 'object',
    required: ['jobs', 'next_cursor', 'total'],
    properties: {
      jobs: { type: 'array', items: { $ref: getSchemaPath('JobSummary') } },
      next_cursor: { ...nullableString, description: 'Null on the last page.' },
      total: { $ref: getSchemaPath('Total') },
    },
  },
  Total: {
    type: 'object',
    nullable: true,
    description: 'How many jobs match. Null on all pages but the first.',
    required: ['count', 'exact'],
    properties: {
      count: { type: 'integer', format: 'int64', minimum: 0 },
      exact: { type: 'boolean', description: 'False beyond 10,000: `count` is an estimate then.' },
    },
  },
  NewCorrection: {
    type: 'object',
    required: ['field_path'],
    properties: {
      field_path: { ...string, description: 'A dotted path, or a JSON Pointer (RFC 6901).' },
      op: { ...op, default: 'replace' },
      new_value: { ...anyJson, description: 'Any JSON. Required unless `op` is `remove`.' },
      reason: nullableString,
    },
  },
  NewCorrectionList: {
    type: 'object',
    required: ['corrections'],
    properties: { corrections: { type: 'array', items: { $ref: getSchemaPath('NewCorrection') } } },
  },
  NewCorrections: {
    description: 'One correction, or several.',
    oneOf: [{ $ref: getSchemaPath('NewCorrection') }, { $ref: getSchemaPath('NewCorrectionList') }],
  },
  ReasonedResult: {
    type: 'object',
    description: 'A corrected result, and the reasons of the corrections.',
    required: ['result'],
    additionalProperties: false,
    properties: {
      result: anyJson,
      reasons: { $ref: getSchemaPath('Reasons') },
    },
  },
  Reasons: {
    type: 'object',
    additionalProperties: { ...string, maxLength: 10_000 },
    description:
      'By field path (dotted, or a JSON Pointer). A path that no correction has is refused. At most 1,000.',
  },
  Correction: {
    type: 'object',
    description: 'A correction as it was recorded.',
    required: Object.keys(correctionProperties),
    properties: correctionProperties,
  },
  Trail: {
    type: 'object',
    description: 'All corrections of a job, oldest first.',
    required: ['corrections'],
    properties: { corrections: correctionList },
  },
  RecordedCorrections: {
    type: 'object',
    required: ['corrections'],
    properties: {
      corrections: correctionList,
      whole_document,
      warnings: {
        type: 'array',
        items: string,
        description:
          'Present if `corrected_at` is later than now. No correction is before the last change of its job, and that is then in the future.',
      },
    },
  },
  DerivedCorrection: {
    type: 'object',
    description: 'A correction that is not recorded yet.',
    required: Object.keys(plannedProperties),
    properties: plannedProperties,
  },
  DerivedCorrections: {
    type: 'object',
    required: ['corrections'],
    properties: {
      corrections: { type: 'array', items: { $ref: getSchemaPath('DerivedCorrection') } },
      whole_document,
    },
  },
};

export const etag = {
  ETag: {
    description: 'The version of the job, for If-Match.',
    schema: { ...string, example: '"BzAOQkx0OIVA3EqwW6RrGBPfz4U"' },
  },
};

export const NOT_FOUND: ProblemExample = ['job-not-found', `there is no job ${JOB}`];
export const BAD_ID: ProblemExample = [
  'invalid-parameters',
  'id: "x" is not a UUID',
  { field: 'id', message: '"x" is not a UUID' },
];
export const BODY_PROBLEMS: readonly ProblemExample[] = [
  ['payload-too-large', 'more than 16777216 bytes are not accepted'],
  [
    'unsupported-media-type',
    'the body must be application/json; its Content-Type is "application/x-www-form-urlencoded"',
  ],
];
export const CHANGE_PROBLEMS: readonly ProblemExample[] = [
  BAD_ID,
  ['invalid-header', 'X-User-Id names the reviewer', { field: 'X-User-Id', message: 'is missing' }],
  NOT_FOUND,
  ['precondition-failed', 'If-Match does not match the current version of the job; read the job again'],
  ['precondition-required', 'send If-Match with the ETag of the job that the change is for'],
  ...WRITE_PROBLEMS,
];
export const TOO_LARGE: ProblemExample = [
  'job-too-large',
  'the job would take 270,001,024 bytes in a corpus, and 268,435,456 are accepted: initial result 9,000, final result 15,009,000, ' +
    'corrections 254,981,000, evidence 0, names and history 1,000',
];
export const APPROVED: ProblemExample = [
  'approved',
  'the job is approved; reopen it first (DELETE …/approval)',
];

export const answer = (
  status: number,
  description: string,
  /** The name of the schema of the body. */
  schema: keyof typeof corpusSchemas,
  example: object,
  headers?: object,
) =>
  ApiResponse({
    status,
    description,
    ...(headers && { headers: headers as Record<string, never> }),
    content: { 'application/json': { schema: { $ref: getSchemaPath(schema) }, example } },
  });

export const JobId = (example = JOB) => ApiParam({ name: 'id', schema: { ...uuid, example } });

export const UserId = () =>
  ApiHeader({
    name: 'X-User-Id',
    required: true,
    description:
      'The reviewer who makes the change: 1 to 200 visible characters, and spaces between them. UTF-8, or percent-encoded; a ' +
      'percent sign is written `%25`.',
    schema: { type: 'string', example: 'rini.k' },
  });

export const Change = () =>
  applyDecorators(
    JobId(),
    UserId(),
    ApiHeader({
      name: 'If-Match',
      required: false,
      description:
        'The ETag of the version that the change is based on. If the job has a different version, the change is refused. Required ' +
        'to replace a result.',
      schema: string,
    }),
  );
