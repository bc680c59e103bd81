import { parseFieldPath } from '../json-text/index.js';
import { formatTimestamp } from '../platform/timestamp.js';
import { Resamples } from './bootstrap.js';
import { type Bucket, type CoverageOptions, type PerValue } from './coverage-query.js';
import { DocumentErrors } from './document-errors.js';
import { RateCounts } from './error-counts.js';
import { type Field, FieldTree } from './field-tree.js';
import { Groups, valueNamer } from './groups.js';
import { type Rate, rounded } from './rate.js';
import { type MeasuredSample } from './measured-sample.js';

/** The days whose pace counts, up to `as_of`. */
const PACE_DAYS = 28;
const DAY_MS = 86_400_000;
/** The most values of a field. */
const MOST_VALUES = 10_000;

/** How many documents there are of a kind, and when there will be enough. */
export interface Progress {
  readonly have: number;
  readonly need: number;
  readonly missing: number;
  /** Approved in the last 28 days. */
  readonly last_28_days: number;
  /** The day on which there will be enough at this pace; null if there are enough, or if none came. */
  readonly day: string | null;
}

interface BucketCoverage extends Progress {
  readonly name: string;
  readonly field_path: string;
}

interface ValueCoverage {
  readonly field_path: string;
  /** How many different values there are, and of how many of them there are enough documents. */
  readonly values: number;
  readonly done: number;
  /** By the JSON text of the value. That with most documents comes first. */
  readonly progress: readonly (readonly [value: string, progress: Progress])[];
}

/** Whether an error rate is known well enough to see a gain. */
export interface Precision extends Rate {
  /** Half the length of the interval; null without documents. */
  readonly half_width: number | null;
  /** Whether it is at most the gain. */
  readonly is_narrow_enough: boolean;
  /** About how many documents that takes: the length shrinks with the root of their number. Null without documents. */
  readonly documents_needed: number | null;
}

export interface Coverage {
  readonly as_of: string;
  readonly jobs: {
    readonly total: number;
    readonly approved: number;
    /** Approved, and left out of everything below. */
    readonly diverged: number;
    /** Approved, but too large to compare: left out of `gain` only. */
    readonly too_large: number;
  };
  readonly buckets: readonly BucketCoverage[];
  readonly per: readonly ValueCoverage[];
  readonly gain: {
    readonly gain: number;
    /** Of the share of documents with an error. */
    readonly documents: Precision;
    /** Of the share of values that were wrong, missing or spurious. */
    readonly values: Precision;
  };
}

/** Measures how far a corpus is from what it should have, on samples that are approved and exact. */
export class CoverageMeasure {
  private readonly tree = new FieldTree();
  private readonly document = new DocumentErrors(this.tree);
  private readonly errors = new RateCounts();
  private readonly buckets: BucketCount[];
  private readonly values: ValueCounts[];
  private total = 0;
  private approved = 0;
  private diverged = 0;
  private tooLarge = 0;

  constructor(private readonly options: CoverageOptions) {
    const period = periodOf(options.as_of);
    this.buckets = options.buckets.map((bucket) => new BucketCount(bucket, this.tree, period));
    this.values = options.per.map((per) => new ValueCounts(per, period));
  }

  add(sample: MeasuredSample): void {
    const { trail } = sample;
    this.total++;
    if (!sample.approved) return;
    this.approved++;
    if (sample.hasDiverged) {
      this.diverged++;
      return;
    }
    const { document } = this;
    const reviewed = sample.reviewed_at === null ? NaN : Date.parse(sample.reviewed_at);
    document.count(sample.final_result, sample.final_result, []);
    for (const bucket of this.buckets) bucket.add(document.fields, reviewed);
    for (const value of this.values) value.add(sample, reviewed);
    if (trail.length > 0) document.count(sample.initial_result, sample.final_result, trail);
    if (document.isTooLarge) this.tooLarge++;
    else this.errors.add(this.errors.documents, document.sums());
  }

  /** @param total how many jobs the filters select, if only approved ones were added */
  report(total = this.total): Coverage {
    const { gain, as_of } = this.options;
    const { documents, documents_rate, documents_interval, rate, interval } = this.errors.rates(
      new Resamples(this.errors.documents),
    );
    return {
      as_of: formatTimestamp(as_of),
      jobs: { total, approved: this.approved, diverged: this.diverged, too_large: this.tooLarge },
      buckets: this.buckets.map((bucket) => bucket.report()),
      per: this.values.map((value) => value.report()),
      gain: {
        gain,
        documents: precisionOf({ rate: documents_rate, interval: documents_interval }, documents, gain),
        values: precisionOf({ rate, interval }, documents, gain),
      },
    };
  }
}

function precisionOf({ rate, interval }: Rate, documents: number, gain: number): Precision {
  if (interval === null)
    return { rate, interval, half_width: null, is_narrow_enough: false, documents_needed: null };
  const half = (interval[1] - interval[0]) / 2;
  return {
    rate,
    interval,
    half_width: rounded(half),
    is_narrow_enough: half <= gain,
    documents_needed: Math.ceil(documents * (half / gain) ** 2),
  };
}

/** The days whose pace counts: after `from`, up to `to`. Milliseconds since the Unix epoch. */
interface Period {
  readonly from: number;
  readonly to: number;
}

function periodOf(end: bigint): Period {
  const to = Number(end / 1_000n);
  return { from: to - PACE_DAYS * DAY_MS, to };
}

class Count {
  private have = 0;
  private recent = 0;

  constructor(private readonly period: Period) {}

  get size(): number {
    return this.have;
  }

  add(reviewed: number): void {
    this.have++;
    if (reviewed > this.period.from && reviewed <= this.period.to) this.recent++;
  }

  progress(need: number): Progress {
    const { have, recent, period } = this;
    const missing = Math.max(0, need - have);
    const days = Math.ceil((missing * PACE_DAYS) / recent);
    const day = new Date(period.to + days * DAY_MS);
    const isKnown = missing > 0 && recent > 0 && !Number.isNaN(day.getTime());
    return {
      have,
      need,
      missing,
      last_28_days: recent,
      day: isKnown ? day.toISOString().replace(/T.*/, '') : null,
    };
  }
}

class BucketCount {
  private readonly count: Count;
  private readonly field: Field;
  /** By the id of a field: whether it is the one of the bucket, or below it. */
  private readonly isWithin: boolean[] = [];

  constructor(
    private readonly bucket: Bucket,
    tree: FieldTree,
    period: Period,
  ) {
    this.count = new Count(period);
    this.field = tree.at(bucket.path);
  }

  add(fields: readonly Field[], reviewed: number): void {
    if (fields.some((field) => (this.isWithin[field.id] ??= this.field.isAbove(field))))
      this.count.add(reviewed);
  }

  report(): BucketCoverage {
    const { name, field_path, need } = this.bucket;
    return { name, field_path, ...this.count.progress(need) };
  }
}

class ValueCounts {
  private readonly groups: Groups<Count>;
  private readonly nameOf: (sample: MeasuredSample) => string;

  constructor(
    private readonly per: PerValue,
    period: Period,
  ) {
    this.groups = new Groups('per', per.field_path, MOST_VALUES, () => new Count(period));
    this.nameOf = valueNamer(parseFieldPath(per.field_path));
  }

  add(sample: MeasuredSample, reviewed: number): void {
    this.groups.get(this.nameOf(sample)).add(reviewed);
  }

  report(): ValueCoverage {
    const { field_path, need } = this.per;
    const progress = this.groups
      .entries()
      .sort(([nameA, a], [nameB, b]) => b.size - a.size || (nameA < nameB ? -1 : 1))
      .map(([name, count]) => [name, count.progress(need)] as const);
    return {
      field_path,
      values: progress.length,
      done: progress.filter(([, { missing }]) => missing === 0).length,
      progress,
    };
  }
}

/** Coverage as JSON, values of fields as they are written. */
export function coverageJson({ per, ...coverage }: Coverage): string {
  const values = per.map(
    ({ field_path, values, done, progress }) =>
      `{"field_path":${JSON.stringify(field_path)},"values":${values},"done":${done},"progress":[${progress
        .map(([value, ofValue]) => `{"value":${value},${JSON.stringify(ofValue).slice(1)}`)
        .join(',')}]}`,
  );
  const { gain, ...counts } = coverage;
  return `${JSON.stringify(counts).slice(0, -1)},"per":[${values.join(',')}],"gain":${JSON.stringify(gain)}}`;
}
