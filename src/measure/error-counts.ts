import { setImmediate } from 'node:timers/promises';
import { intervalOf, type Resamples, Tallies } from './bootstrap.js';
import { type Confusion, ConfusionCounts, confusionsOf } from './confusions.js';
import { type DocumentErrors, type ValueCounts, type WrongValue } from './document-errors.js';
import { type Field } from './field-tree.js';
import { type Interval } from './interval.js';
import { type Rate, rateOf, shareOf } from './rate.js';

/** The errors of one field, or of all. */
export interface ErrorRates extends Rate {
  /** Documents that have the field, in the initial or the final result. */
  readonly documents: number;
  /** Documents in which some value of the field was wrong, missing or spurious. */
  readonly documents_affected: number;
  readonly documents_rate: number | null;
  readonly documents_interval: Rate['interval'];
  /** Values of the initial result, of the final one, or of both: each once. */
  readonly values: number;
  /** Values that reviewers changed, added and removed. `rate` is their share of all values. */
  readonly wrong: number;
  readonly missing: number;
  readonly spurious: number;
  /** Of the values: changed, added or removed; else confirmed by themselves; else approved only with the whole. */
  readonly edited: number;
  readonly confirmed: number;
  readonly only_approved: number;
}

export interface FieldErrors extends ErrorRates {
  /** With `[*]` for rows. */
  readonly field_path: string;
  /** The most frequent ones, at most TOP_CONFUSIONS. */
  readonly confusions: readonly Confusion[];
}

export interface ErrorReport {
  readonly all: ErrorRates;
  /** The field whose rate is at least the highest comes first: ordered by the lower bound, then by the rate, then by path. */
  readonly fields: readonly FieldErrors[];
}

const TOP_CONFUSIONS = 3;

/** The errors of a group of documents, by field. */
export class ErrorCounts {
  private readonly all = new RateCounts();
  private readonly byField = new Map<Field, FieldCounts>();

  get documents(): number {
    return this.all.documents;
  }

  /** @param document its number among all documents, of whatever group: they ascend from 0 */
  add(document: number, errors: DocumentErrors): void {
    const { fields, wrong } = errors;
    for (const field of fields) {
      let counts = this.byField.get(field);
      if (counts === undefined) this.byField.set(field, (counts = new FieldCounts()));
      counts.add(document, field);
    }
    this.all.add(document, errors.sums());
    for (const value of wrong) this.byField.get(value.field)!.addConfusions(value);
  }

  /** Lets others work in between: with many fields it takes seconds. */
  async report(resamples: Resamples): Promise<ErrorReport> {
    const fields: FieldErrors[] = [];
    for (const [field, counts] of this.byField) {
      fields.push({
        field_path: field.path,
        ...counts.rates(resamples),
        confusions: counts.confusions?.top(TOP_CONFUSIONS) ?? [],
      });
      await setImmediate();
    }
    const low = ({ interval }: FieldErrors) => interval?.[0] ?? 0;
    fields.sort(
      (a, b) => low(b) - low(a) || (b.rate ?? 0) - (a.rate ?? 0) || (a.field_path < b.field_path ? -1 : 1),
    );
    return { all: this.all.rates(resamples), fields };
  }
}

/** The errors of documents, and their rates. */
export class RateCounts {
  documents = 0;
  private affected = 0;
  private wrong = 0;
  private missing = 0;
  private spurious = 0;
  private confirmed = 0;
  /** Errors and values by document. */
  private readonly tallies = new Tallies(2);

  /** @param document its number among all documents, of whatever group: they ascend from 0 */
  add(document: number, { values, wrong, missing, spurious, confirmed }: ValueCounts): void {
    const errors = wrong + missing + spurious;
    this.documents++;
    if (errors > 0) this.affected++;
    this.wrong += wrong;
    this.missing += missing;
    this.spurious += spurious;
    this.confirmed += confirmed;
    COUNTS[0] = errors;
    COUNTS[1] = values;
    this.tallies.add(document, COUNTS);
  }

  rates(resamples: Resamples): ErrorRates {
    const { documents, affected, wrong, missing, spurious, confirmed, tallies } = this;
    const [errors = 0, values = 0] = tallies.sums;
    const ofDocuments = shareOf(affected, documents);
    return {
      documents,
      documents_affected: affected,
      documents_rate: ofDocuments.rate,
      documents_interval: ofDocuments.interval,
      values,
      wrong,
      missing,
      spurious,
      edited: errors,
      confirmed,
      only_approved: values - errors - confirmed,
      ...rateOf(errors / values, rateInterval(tallies, documents, resamples)),
    };
  }
}

class FieldCounts extends RateCounts {
  confusions: ConfusionCounts | undefined;

  addConfusions({ was, is }: WrongValue): void {
    if (was[0] !== QUOTE || is[0] !== QUOTE) return;
    const [from, to] = [was, is].map((text) => JSON.parse(text.toString()) as string) as [string, string];
    (this.confusions ??= new ConfusionCounts()).add(confusionsOf(from, to));
  }
}

/** Errors and values of one document, for `Tallies`. */
const COUNTS = new Float64Array(2);
const QUOTE = 0x22;
const NONE = new Float64Array();

/** The interval of the first count's share of the second one. */
function rateInterval(tallies: Tallies, documents: number, resamples: Resamples): Interval | undefined {
  const [all = 0, seen = 0] = tallies.sums;
  // Drawing shows nothing where all are right or all are wrong.
  if (all === 0 || all === seen)
    return intervalOf({ value: all / seen, drawn: NONE, leftOut: NONE }, documents);
  const [estimate] = resamples.estimate(tallies, [([errors = 0, values = 0]) => errors / values]);
  return intervalOf(estimate!, documents);
}
