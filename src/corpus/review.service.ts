import { Injectable, Logger } from '@nestjs/common';
import { JSON_NULL } from '../json-text/index.js';
import { CorpusFault } from './corpus-fault.js';
import {
  isTheJobItself,
  type JobRecord,
  type JobState,
  type VersionedState,
  versionOf,
} from './job-record.js';
import { bytesAsJson, bytesOfCorrections, bytesOfEvent, type JobSize } from './reading/job-size.js';
import { type EditRequest, type ResultPlan } from './plan.js';
import { Planner } from './planner.js';
import { type Reasons, reasonsOf } from './reasons.js';
import { JobsRepository } from './jobs.repository.js';
import { type LockedJob, type NewCorrection, type RecordedCorrection, requireFits } from './locked-job.js';
import { changeFlags, type FlagRequest } from './review-flags.js';

/** A change of a job by a reviewer, and the versions that it is based on. */
export interface Change {
  readonly jobId: string;
  readonly reviewer: string;
  /** The accepted versions; undefined accepts any. */
  readonly versions: readonly string[] | undefined;
}

/** A change that replaces the whole result. */
export interface ResultChange extends Change {
  /** Store the body even if it is the job itself. */
  readonly force?: boolean;
  /** The reasons of the corrections that follow; without it, none has one. */
  readonly reasons?: Reasons;
}

export interface CorrectionRequest extends EditRequest {
  readonly reason: string | null;
}

export interface Recorded {
  readonly corrections: readonly RecordedCorrection[];
  readonly version: string;
  /** Whether one correction replaces the whole result, because there would have been too many. */
  readonly isWhole: boolean;
  /** What the reviewer should know. */
  readonly warnings: readonly string[];
}

/** A confirmation, as the history has it. */
export interface Confirmed {
  readonly event: {
    readonly event: 'confirmed';
    readonly by: string;
    /** RFC 3339. */
    readonly at: string;
    /** In dotted form, each once. */
    readonly field_paths: readonly string[];
  };
  readonly version: string;
}

const NO_REASONS: Reasons = [];
const logger = new Logger('Review');

/** Records corrections and approvals, so that replay restores the pipeline output byte for byte. */
@Injectable()
export class ReviewService {
  constructor(
    private readonly jobs: JobsRepository,
    private readonly planner: Planner,
  ) {}

  /**
   * Records corrections, all or none.
   *
   * @param isList whether the body has the requests in `corrections`, for messages
   * @throws CorpusFault
   */
  async correct(change: Change, requests: readonly CorrectionRequest[], isList: boolean): Promise<Recorded> {
    return this.jobs.change(change.jobId, async (job) => {
      requireOpen(job.found, change);
      const planned = await this.planner.planEdits(job.found.result ?? JSON_NULL, requests, isList);
      const parts = { ...planned, isWhole: false };
      return record(job, parts, change.reviewer, (index) => requests[index]!.reason);
    });
  }

  /**
   * Records the corrections that lead to `result`: none if it is equal JSON already, one for the whole document if there
   * would be too many.
   *
   * @param result compact JSON text
   * @throws CorpusFault; UnusedReasonsFault
   */
  async replaceResult(change: ResultChange, result: Buffer): Promise<Recorded> {
    return this.jobs.change(change.jobId, async (job) => {
      requireOpen(job.found, change);
      requireResult(result, job.found, change);
      const planned = await this.planner.planResult(job.found.result ?? JSON_NULL, result);
      const reasons = reasonsOf(planned.corrections, change.reasons ?? NO_REASONS);
      if (planned.corrections.length === 0)
        return { corrections: [], version: versionOf(job.found), isWhole: planned.isWhole, warnings: [] };
      return record(job, planned, change.reviewer, (index) => reasons[index]!);
    });
  }

  /**
   * Returns the corrections that `replaceResult` would record.
   *
   * @throws CorpusFault as `replaceResult` does
   */
  async deriveCorrections(change: ResultChange, result: Buffer): Promise<ResultPlan> {
    const job = await this.jobs.findState(change.jobId);
    requireOpen(job, change);
    requireResult(result, job, change);
    const planned = await this.planner.planResult(job.result ?? JSON_NULL, result);
    const reasons = reasonsOf(planned.corrections, change.reasons ?? NO_REASONS);
    requireRoom(
      await this.jobs.sizeOf(job),
      reasoned(planned, (index) => reasons[index]!),
      change.reviewer,
      planned,
    );
    return planned;
  }

  /** Approves or reopens the job. Does nothing if it is in that state already. */
  async setApproved(change: Change, approved: boolean): Promise<JobRecord> {
    return this.jobs.change(change.jobId, async (job) => {
      requireVersion(job.found, change);
      if (job.found.summary.approved === approved) return job.read();
      if (approved && job.found.result === null)
        throw new CorpusFault('no-result', 'a job without a result cannot be approved');
      const size = await job.size();
      requireFits({ ...size, history: size.history + bytesOfEvent({ by: change.reviewer }) });
      return job.setApproved(approved, change.reviewer);
    });
  }

  /**
   * Sets and takes away review flags, whether the job is approved or not. Does nothing if it has them, and has not, already.
   *
   * @throws CorpusFault
   */
  async setFlags(change: Change, request: FlagRequest): Promise<JobRecord> {
    return this.jobs.change(change.jobId, async (job) => {
      requireVersion(job.found, change);
      const { flags, added, removed } = changeFlags(job.found.summary.review_flags, request);
      if (added.length + removed.length === 0) return job.read();
      const size = await job.size();
      requireFits({
        ...size,
        names: size.names + bytesAsJson(added),
        history: size.history + bytesOfEvent({ by: change.reviewer, added, removed }),
      });
      return job.setFlags(flags, { added, removed }, change.reviewer);
    });
  }

  /**
   * Records that the reviewer has looked at values and found them right, whether the job is approved or not. The version of the job
   * stays.
   *
   * @param paths dotted, or JSON Pointers, of the current result
   * @throws CorpusFault
   */
  async confirm(change: Change, paths: readonly string[]): Promise<Confirmed> {
    return this.jobs.change(change.jobId, async (job) => {
      requireVersion(job.found, change);
      if (job.found.result === null)
        throw new CorpusFault('no-result', 'a job without a result has no values to confirm');
      const field_paths = await this.planner.resolvePaths(job.found.result, paths);
      const size = await job.size();
      requireFits({ ...size, history: size.history + bytesOfEvent({ by: change.reviewer, field_paths }) });
      const at = await job.confirm(field_paths, change.reviewer);
      return {
        event: { event: 'confirmed', by: change.reviewer, at, field_paths },
        version: versionOf(job.found),
      };
    });
  }
}

async function record(
  job: LockedJob,
  planned: ResultPlan,
  reviewer: string,
  reasonOf: (index: number) => string | null,
): Promise<Recorded> {
  const corrections = reasoned(planned, reasonOf);
  requireRoom(await job.size(), corrections, reviewer, planned);
  const { recorded, aheadOfClock, changed } = await job.correct(corrections, reviewer, planned.result);
  return {
    corrections: recorded,
    version: versionOf(changed),
    isWhole: planned.isWhole,
    warnings: aheadOfClock === undefined ? [] : [warnOfClock(changed, aheadOfClock)],
  };
}

/** The order of a trail is that of its times, so none may be before the job's last change, even if that is in the future. */
function warnOfClock({ summary }: VersionedState, correctedAt: string): string {
  const warning = `corrected_at is ${correctedAt}, later than now, because the job's last change is`;
  logger.warn({ message: `job ${summary.job_id}: ${warning}` });
  return warning;
}

function reasoned({ corrections }: ResultPlan, reasonOf: (index: number) => string | null): NewCorrection[] {
  return corrections.map((correction, index) => ({ ...correction, reason: reasonOf(index) }));
}

function requireRoom(
  size: JobSize,
  corrections: readonly NewCorrection[],
  reviewer: string,
  { result }: ResultPlan,
): void {
  requireFits({
    ...size,
    finalResult: result.length,
    corrections: size.corrections + bytesOfCorrections(corrections, reviewer),
  });
}

function requireOpen(job: JobState, change: Change): void {
  requireVersion(job, change);
  if (job.summary.approved)
    throw new CorpusFault('approved', 'the job is approved; reopen it first (DELETE …/approval)');
}

function requireResult(result: Buffer, job: JobState, { force }: ResultChange): void {
  if (force !== true && isTheJobItself(result, job))
    throw new CorpusFault(
      'job-instead-of-result',
      'the body is the job, as GET returns it; send the value of its member result, or force=true to store the body as the result',
    );
}

function requireVersion(job: JobState, { versions }: Change): void {
  if (versions?.includes(versionOf(job)) === false)
    throw new CorpusFault(
      'precondition-failed',
      'If-Match does not match the current version of the job; read the job again',
    );
}
