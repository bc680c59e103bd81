import { SampleFilterDto } from '../ground-truth/corpus-filter.js';
import { FieldPathError } from '../json-text/index.js';
import { NumberParameter, TextThat, TimeParameter } from '../platform/parameters/parameters.js';
import { now } from '../platform/timestamp.js';
import { isSingleField } from './errors-query.js';
import { type CollapsedPath, parseCollapsedPath } from './field-tree.js';

/** Documents that have a field, and how many are needed. */
export interface Bucket {
  readonly name: string;
  /** With `[*]` for rows. */
  readonly field_path: string;
  readonly path: CollapsedPath;
  readonly need: number;
}

/** For each value of a field, how many documents with it are needed. */
export interface PerValue {
  readonly field_path: string;
  readonly need: number;
}

export interface CoverageOptions {
  readonly buckets: readonly Bucket[];
  readonly per: readonly PerValue[];
  /** The gain of an error rate that should be seen, as a share. */
  readonly gain: number;
  /** The end of the 28 days whose pace counts. Microseconds since the Unix epoch. */
  readonly as_of: bigint;
}

/** What the table "How many samples are enough" of docs/ground-truth-format.md says of police orders. */
export const DEFAULT_BUCKETS = 'header=header:500,table=personel[*]:1000';
export const DEFAULT_PER = 'header.satuan:50';

/** Query parameters and flags of coverage. */
export class CoverageQueryDto extends SampleFilterDto {
  @TextThat(
    (text) => parseBuckets(text) !== undefined,
    'one or more of name=path:number, with commas between them, such as table=personel[*]:1000',
  )
  readonly bucket?: string;

  @TextThat(
    (text) => parsePer(text) !== undefined,
    'one or more of path:number, with commas between them, each the path of a field that a document has once, such as header.satuan:50',
  )
  readonly per?: string;

  @NumberParameter(0.000001, 1)
  readonly gain: number = 0.02;

  @TimeParameter()
  readonly as_of?: bigint;
}

/** Without buckets and values, those of the defaults are measured. */
export function coverageOptions({ bucket, per, gain, as_of }: CoverageQueryDto): CoverageOptions {
  const isDefault = bucket === undefined && per === undefined;
  return {
    buckets: parseBuckets(isDefault ? DEFAULT_BUCKETS : (bucket ?? '')) ?? [],
    per: parsePer(isDefault ? DEFAULT_PER : (per ?? '')) ?? [],
    gain,
    as_of: as_of ?? now(),
  };
}

/** @returns undefined if the text is no list of buckets */
function parseBuckets(text: string): Bucket[] | undefined {
  const buckets = itemsOf(text).map((item) => {
    const [, name = '', field_path = '', need = ''] = /^([^=]+)=(.+):([1-9][0-9]{0,14})$/su.exec(item) ?? [];
    const path = name === '' ? undefined : tryParse(field_path);
    return path && { name, field_path, path, need: Number(need) };
  });
  return buckets.every((bucket) => bucket !== undefined) ? buckets : undefined;
}

function parsePer(text: string): PerValue[] | undefined {
  const values = itemsOf(text).map((item) => {
    const [, field_path = '', need = ''] = /^(.+):([1-9][0-9]{0,14})$/su.exec(item) ?? [];
    return isSingleField(field_path) ? { field_path, need: Number(need) } : undefined;
  });
  return values.every((value) => value !== undefined) ? values : undefined;
}

/** Splits at commas outside of quoted keys. */
function itemsOf(text: string): string[] {
  return text === '' ? [] : (text.match(/(?:\["(?:[^"\\]|\\.)*"\]|[^,])+|^(?=,)|(?<=,)(?=,|$)/gsu) ?? []);
}

function tryParse(path: string): CollapsedPath | undefined {
  try {
    return parseCollapsedPath(path);
  } catch (error) {
    if (error instanceof FieldPathError) return undefined;
    throw error;
  }
}
