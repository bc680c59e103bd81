import { hash } from 'node:crypto';
import {
  type FieldPath,
  FieldPathError,
  formatFieldPath,
  JsonDocument,
  parseFieldPath,
  parsePointer,
  readElements,
  readMembers,
  resolvePointer,
} from '../../json-text/index.js';
import { isDigest, NOT_A_DIGEST } from '../../platform/sha256.js';
import { type FieldReader, shareOf } from '../reading/field-reader.js';
import { bytesAsJson, SOURCE_BYTES } from '../reading/job-size.js';

/** The most bytes of a producer, as compact JSON. */
const MAX_PRODUCER_BYTES = 64 * 1024;
/** The most sources of a job. */
const MAX_SOURCES = 2_000;
/** The most fields of which a pipeline can say something. */
const MAX_FIELDS = 100_000;
/** The most characters of the address of a source. */
const MAX_URI_LENGTH = 10_000;
/** RFC 6838, with parameters. */
const MEDIA_TYPE = /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}( *;[^\r\n]{1,255})?$/;
const MAX_PAGE = 2_147_483_647;

/** Text that came inline is plain. */
const TEXT_MEDIA_TYPE = 'text/plain';

/** A part of what a document looks like. */
export interface Source {
  readonly kind: string;
  /** From 1. */
  readonly page: number | null;
  readonly media_type: string | null;
  /** Of the content; in lower case. */
  readonly sha256: string | null;
  /** Where the content is elsewhere. It is never fetched. */
  readonly uri: string | null;
  /** The content itself, in UTF-8. */
  readonly text: Buffer | null;
  /** The name of a file with the content, in the folder that was given with the input. */
  readonly file: string | null;
}

/** What a pipeline says of single fields of its result. */
interface Fields {
  /** A compact JSON object by field path, in dotted form, as it was sent but for the spelling of paths. */
  readonly text: Buffer;
  /** The lowest confidence of a field; null if none has one. */
  readonly lowestConfidence: number | null;
}

/** What a pipeline saw and used. */
export interface Evidence {
  /** Compact JSON object. */
  readonly producer: Buffer | null;
  readonly sources: readonly Source[];
  readonly fields: Fields | null;
}

export function isNone({ producer, sources, fields }: Evidence): boolean {
  return producer === null && fields === null && sources.length === 0;
}

export const EVIDENCE_KEYS = ['producer', 'sources', 'fields'] as const;

/**
 * Reads the members of `EVIDENCE_KEYS` of an object. None is the same as null, and as an empty array.
 *
 * @param initialResult the compact JSON that JSON Pointers in `fields` refer to; called only if there are some
 * @param acceptsFiles whether a source may name a `file`
 */
export function readEvidence(
  reader: FieldReader,
  initialResult: () => Buffer,
  acceptsFiles = false,
): Evidence {
  return {
    producer: readProducer(reader),
    sources: readSources(reader, acceptsFiles),
    fields: readFields(reader, initialResult),
  };
}

function readProducer(reader: FieldReader): Buffer | null {
  if (reader.isAbsent('producer')) return null;
  const producer = reader.json('producer');
  if (producer[0] !== OPEN_OBJECT) reader.fault('producer', 'is not a JSON object');
  if (producer.length > MAX_PRODUCER_BYTES)
    reader.fault('producer', `takes more than ${MAX_PRODUCER_BYTES.toLocaleString('en')} bytes`);
  // PostgreSQL would keep it, and could not look anything up in it.
  else if (HAS_NUL.test(producer.toString('latin1')))
    reader.fault('producer', 'contains a NUL character, \\u0000');
  return producer;
}

const OPEN_OBJECT = 0x7b;
const HAS_NUL = /(?<!\\)(?:\\\\)*\\u0000/;

function readSources(reader: FieldReader, acceptsFiles: boolean): Source[] {
  if (reader.isAbsent('sources')) return [];
  return reader.objects('sources', 0, MAX_SOURCES).map((source) => readSource(source, acceptsFiles));
}

const SOURCE_KEYS = ['page', 'media_type', 'sha256', 'uri', 'text', 'file'];
const NO_FILES =
  'is only for ground-truth import with --sources; elsewhere send the content first, and name it by sha256';

function readSource(reader: FieldReader, acceptsFiles: boolean): Source {
  reader.expectKeys(['kind'], SOURCE_KEYS);
  const said = {
    kind: reader.name('kind'),
    page: reader.nullableInteger('page', 1, MAX_PAGE),
    media_type: reader.nullableName('media_type'),
    sha256: reader.nullableName('sha256')?.toLowerCase() ?? null,
    uri: reader.nullable('uri', MAX_URI_LENGTH),
    text: reader.isAbsent('text') ? null : Buffer.from(reader.string('text')),
    file: reader.nullableName('file'),
  };
  if (said.file !== null && !acceptsFiles) {
    reader.fault('file', NO_FILES);
    return said;
  }
  if (said.media_type !== null && !MEDIA_TYPE.test(said.media_type))
    reader.fault('media_type', 'is not a media type, such as image/png');
  if (said.sha256 !== null && !isDigest(said.sha256)) reader.fault('sha256', NOT_A_DIGEST);
  if (said.uri === '') reader.fault('uri', 'is empty');
  if (said.text === null) {
    if (said.sha256 === null && said.uri === null && said.file === null)
      reader.faultHere(
        `leads nowhere: it needs text, sha256 (of content that was sent first)${acceptsFiles ? ', file' : ''} or uri`,
      );
    return said;
  }
  if (said.file !== null) reader.fault('file', 'is given beside text; the content is one of them');
  const sha256 = hash('sha256', said.text);
  if (said.sha256 !== null && said.sha256 !== sha256)
    reader.fault('sha256', `is not the digest of text, which is ${sha256}`);
  return { ...said, sha256, media_type: said.media_type ?? TEXT_MEDIA_TYPE };
}

function readFields(reader: FieldReader, initialResult: () => Buffer): Fields | null {
  if (reader.isAbsent('fields')) return null;
  const text = reader.json('fields');
  const members = readMembers(text, MAX_FIELDS);
  if (members === undefined || members.length > MAX_FIELDS) {
    const most = MAX_FIELDS.toLocaleString('en');
    reader.fault('fields', members === undefined ? 'is not a JSON object' : `has more than ${most} members`);
    return null;
  }
  const toPath = pathReader(initialResult);
  const paths = new Set<string>();
  const said = members.map(({ key, written, value }) => {
    const field = reader.objectIn(`fields[${shortened(key)}]`, value);
    const path = toPath(key, (reason) => {
      field.faultHere(reason);
    });
    if (paths.has(path)) field.faultHere('is the path of an earlier field, too');
    paths.add(path);
    return { path, value, isRespelled: JSON.stringify(path) !== written, confidence: readField(field) };
  });
  const confidences = said.flatMap(({ confidence }) => confidence ?? []);
  return {
    text: said.some(({ isRespelled }) => isRespelled) ? objectOf(said) : text,
    lowestConfidence: confidences.length === 0 ? null : confidences.reduce((a, b) => Math.min(a, b)),
  };
}

/** A key for a message. */
function shortened(key: string): string {
  return JSON.stringify(key.length <= MOST_SHOWN ? key : `${key.slice(0, MOST_SHOWN)}…`);
}

const MOST_SHOWN = 60;

function objectOf(members: readonly { path: string; value: Buffer }[]): Buffer {
  const parts = members.flatMap(({ path, value }, index) => [
    Buffer.from(`${index === 0 ? '' : ','}${JSON.stringify(path)}:`),
    value,
  ]);
  return Buffer.concat([Buffer.from('{'), ...parts, Buffer.from('}')]);
}

/** Reads what is said of one field; returns its confidence. */
function readField(field: FieldReader): number | null {
  const { isObject } = field;
  if (!isObject) return null;
  field.nullableInteger('page', 1, MAX_PAGE);
  readBox(field);
  if (!field.isAbsent('quote')) field.string('quote');
  if (field.has('touched')) field.fault('touched', 'is not for a pipeline to say');
  return field.share('confidence');
}

/** The corners of a box on the page: from the left and the top, as shares of its width and its height. */
function readBox(field: FieldReader): void {
  if (field.isAbsent('bbox')) return;
  const corners = readElements(field.json('bbox'), 4)?.map(shareOf) ?? [];
  const [x0 = NaN, y0 = NaN, x1 = NaN, y1 = NaN] = corners;
  if (corners.length !== 4 || !(x0 <= x1 && y0 <= y1))
    field.fault(
      'bbox',
      'is not [x0,y0,x1,y1] with numbers from 0 to 1, shares of the page, and x0 ≤ x1, y0 ≤ y1',
    );
}

/** Returns the dotted form of a path; JSON Pointers are resolved against the initial result, which is loaded once. */
function pathReader(
  initialResult: () => Buffer,
): (text: string, onFault: (reason: string) => void) => string {
  let document: JsonDocument | undefined;
  const parse = (text: string): FieldPath =>
    text.startsWith('/')
      ? resolvePointer((document ??= new JsonDocument(initialResult())), parsePointer(text))
      : parseFieldPath(text);
  return (text, onFault) => {
    try {
      return formatFieldPath(parse(text));
    } catch (error) {
      if (!(error instanceof FieldPathError)) throw error;
      onFault(`is not a field path: ${error.message}`);
      return text;
    }
  };
}

/** What evidence takes of a line, in bytes; never less than it really takes. */
export function sizeOfEvidence({ producer, sources, fields }: Evidence): number {
  return (
    (producer?.length ?? 0) +
    (fields?.text.length ?? 0) +
    sources.reduce(
      (sum, { kind, page, media_type, sha256, uri, text }) =>
        sum + SOURCE_BYTES + bytesAsJson([kind, page, media_type, sha256, uri, text?.toString() ?? null]),
      0,
    )
  );
}
