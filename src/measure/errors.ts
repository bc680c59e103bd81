import { Resamples } from './bootstrap.js';
import { Calibration, type CalibrationReport } from './calibration.js';
import { readConfirmations } from './confirmations.js';
import { DocumentErrors } from './document-errors.js';
import { ErrorCounts, type ErrorReport } from './error-counts.js';
import { type ErrorsOptions } from './errors-query.js';
import { FieldConfidences } from './field-confidences.js';
import { FieldTree } from './field-tree.js';
import { groupNamer, Groups } from './groups.js';
import { type Rate, rounded, shareOf } from './rate.js';
import { type MeasuredSample } from './measured-sample.js';

/** The most groups. Each has counts for each field and document, or for each confidence. */
const MOST_GROUPS = 200;

/** Which jobs there are, and which of them were measured. */
interface JobCounts {
  /** That the filters select. */
  readonly total: number;
  /** Only these were reviewed to the end; of the others nothing is known. */
  readonly approved: number;
  readonly approved_share: number | null;
  /** Approved, but their trail does not lead back exactly, so they are left out. */
  readonly diverged: number;
  /** Approved, but too large to compare. */
  readonly too_large: number;
  readonly measured: number;
  /** Measured, and approved without any correction. */
  readonly uncorrected: number;
  readonly uncorrected_share: number | null;
}

/** How many documents a reviewer approved, and of these without any correction. `rate` is the share of the latter. */
export interface ReviewerCounts extends Rate {
  readonly reviewer: string | null;
  readonly approved: number;
  readonly uncorrected: number;
}

/** Calibration of all producers, and of each. */
interface Calibrations {
  readonly all: CalibrationReport;
  /** By the JSON text of the producer. Those with most values come first. */
  readonly producers: readonly (readonly [name: string, report: CalibrationReport])[];
}

export interface Errors extends ErrorReport {
  readonly jobs: JobCounts;
  /** Who approved most comes first. */
  readonly reviewers: readonly ReviewerCounts[];
  /** By the JSON text of what they have in common; the group whose rate is at least the highest comes first. */
  readonly groups: readonly (readonly [name: string, report: ErrorReport])[] | undefined;
  readonly by: string | undefined;
  readonly calibration:
    | { readonly max_error: number; readonly documents: Calibrations; readonly fields: Calibrations }
    | undefined;
}

/**
 * Measures what was wrong in the results of pipelines, on samples that are approved and exact.
 *
 * Memory: for each field, and each field of a group, 20 bytes a document, for at most 4,096 documents.
 */
export class ErrorsMeasure {
  private readonly document = new DocumentErrors(new FieldTree());
  private readonly counts = new ErrorCounts();
  private readonly groups: Groups<ErrorCounts> | undefined;
  private readonly nameGroup: ((sample: MeasuredSample) => string) | undefined;
  private readonly calibrations: MeasuredCalibrations | undefined;
  private readonly reviewers = new Map<string | null, { approved: number; uncorrected: number }>();
  private total = 0;
  private approved = 0;
  private diverged = 0;
  private tooLarge = 0;
  private uncorrected = 0;

  constructor(private readonly options: ErrorsOptions) {
    const { by } = options;
    if (by !== undefined) {
      this.groups = new Groups('by', by, MOST_GROUPS, () => new ErrorCounts());
      this.nameGroup = groupNamer(by);
    }
    if (options.calibration) this.calibrations = new MeasuredCalibrations();
  }

  add(sample: MeasuredSample): void {
    const { trail } = sample;
    this.total++;
    if (!sample.approved) return;
    this.approved++;
    const isUncorrected = trail.length === 0;
    this.addReviewer(sample.reviewed_by, isUncorrected);
    if (sample.hasDiverged) {
      this.diverged++;
      return;
    }
    const { document, counts } = this;
    document.count(sample.initial_result, sample.final_result, trail, readConfirmations(sample));
    if (document.isTooLarge) {
      this.tooLarge++;
      return;
    }
    if (isUncorrected) this.uncorrected++;
    const number = counts.documents;
    if (this.nameGroup) this.groups?.get(this.nameGroup(sample)).add(number, document);
    counts.add(number, document);
    this.calibrations?.add(sample, document);
  }

  /** @param total how many jobs the filters select, if only approved ones were added */
  async report(total = this.total): Promise<Errors> {
    const { approved, diverged, tooLarge, uncorrected, counts, options, calibrations } = this;
    const measured = counts.documents;
    const resamples = new Resamples(measured);
    const report = await counts.report(resamples);
    return {
      jobs: {
        total,
        approved,
        approved_share: total === 0 ? null : rounded(approved / total),
        diverged,
        too_large: tooLarge,
        measured,
        uncorrected,
        uncorrected_share: measured === 0 ? null : rounded(uncorrected / measured),
      },
      reviewers: this.reviewerCounts(),
      ...report,
      by: options.by,
      groups: this.groups && (await reportGroups(this.groups, resamples)),
      calibration: calibrations?.report(options.max_error),
    };
  }

  private addReviewer(name: string | null, isUncorrected: boolean): void {
    const reviewer = this.reviewers.get(name) ?? { approved: 0, uncorrected: 0 };
    reviewer.approved++;
    if (isUncorrected) reviewer.uncorrected++;
    this.reviewers.set(name, reviewer);
  }

  private reviewerCounts(): ReviewerCounts[] {
    return [...this.reviewers]
      .map(([reviewer, { approved, uncorrected }]) => ({
        reviewer,
        approved,
        uncorrected,
        ...shareOf(uncorrected, approved),
      }))
      .sort((a, b) => b.approved - a.approved || (String(a.reviewer) < String(b.reviewer) ? -1 : 1));
  }
}

async function reportGroups(
  groups: Groups<ErrorCounts>,
  resamples: Resamples,
): Promise<(readonly [string, ErrorReport])[]> {
  const reports: (readonly [string, ErrorReport])[] = [];
  for (const [name, counts] of groups.entries()) reports.push([name, await counts.report(resamples)]);
  const low = ({ all }: ErrorReport) => all.interval?.[0] ?? 0;
  return reports.sort(
    ([nameA, a], [nameB, b]) =>
      low(b) - low(a) || (b.all.rate ?? 0) - (a.all.rate ?? 0) || (nameA < nameB ? -1 : 1),
  );
}

/** Calibration of the confidences of documents, and of those of single values. */
class MeasuredCalibrations {
  private readonly documents = new ProducerCalibrations();
  private readonly fields = new ProducerCalibrations();
  private readonly confidences = new FieldConfidences();

  add(sample: MeasuredSample, document: DocumentErrors): void {
    const producer = sample.producer.toString();
    const { confidence } = sample;
    if (confidence !== null) this.documents.add(producer, [{ confidence, isRight: !document.hasErrors }]);
    this.fields.add(producer, this.confidences.judge(sample, document.moves));
  }

  report(maxError: number): NonNullable<Errors['calibration']> {
    return {
      max_error: maxError,
      documents: this.documents.report(maxError),
      fields: this.fields.report(maxError),
    };
  }
}

class ProducerCalibrations {
  private readonly all = new Calibration();
  private readonly producers = new Groups('calibration', 'producer', MOST_GROUPS, () => new Calibration());

  add(producer: string, values: Parameters<Calibration['add']>[0]): void {
    if (values.length === 0) return;
    this.all.add(values);
    this.producers.get(producer).add(values);
  }

  report(maxError: number): Calibrations {
    return {
      all: this.all.report(maxError),
      producers: this.producers
        .entries()
        .map(([name, calibration]) => [name, calibration.report(maxError)] as const)
        .sort(([nameA, a], [nameB, b]) => b.values - a.values || (nameA < nameB ? -1 : 1)),
    };
  }
}
