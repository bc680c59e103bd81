import { Injectable } from '@nestjs/common';
import { deriveEdits, JSON_NULL } from '../json-text/index.js';
import { ReplayService } from '../replay/replay.service.js';
import { CorpusFault } from './corpus-fault.js';
import { type JobRecord, versionOf } from './job-record.js';
import { type EditRequest, plan, type Plan, type PlannedCorrection } from './plan.js';
import { JobsRepository, type LockedJob, type RecordedCorrection } from './jobs.repository.js';

/** A change of a job by a reviewer, and the versions that it is based on. */
export interface Change {
  readonly jobId: string;
  readonly reviewer: string;
  /** The accepted versions; undefined accepts any. */
  readonly versions: readonly string[] | undefined;
}

export interface CorrectionRequest extends EditRequest {
  readonly reason: string | null;
}

export interface Recorded {
  readonly corrections: readonly RecordedCorrection[];
  readonly version: string;
}

/** Above this, the trail would be unreadable: record one replacement of the whole document. */
const MAX_CORRECTIONS = 10_000;
/** Bytes of the document times number of `add` and `remove`: each of those searches among all its siblings. */
const MAX_WORK = 1_000_000_000;

/** Records corrections and approvals, so that replay restores the pipeline output byte for byte. */
@Injectable()
export class ReviewService {
  constructor(
    private readonly jobs: JobsRepository,
    private readonly replay: ReplayService,
  ) {}

  /**
   * Records corrections, all or none.
   *
   * @param nameOf the name, in messages, of a member of a request
   * @throws CorpusFault
   */
  async correct(
    change: Change,
    requests: readonly CorrectionRequest[],
    nameOf: (index: number, member: string) => string,
  ): Promise<Recorded> {
    return this.jobs.change(change.jobId, async (job) => {
      requireOpen(job.found, change);
      const planned = plan(job.found.result ?? JSON_NULL, requests, nameOf, this.replay);
      return record(job, planned, change.reviewer, (index) => requests[index]!.reason);
    });
  }

  /**
   * Records the corrections that lead to `result`: none if it is equal JSON already, one for the whole document if there
   * would be too many.
   *
   * @param result compact JSON text
   * @throws CorpusFault
   */
  async replaceResult(change: Change, result: Buffer): Promise<Recorded> {
    return this.jobs.change(change.jobId, async (job) => {
      requireOpen(job.found, change);
      const planned = planResult(job.found, result, this.replay);
      if (planned.corrections.length === 0) return { corrections: [], version: versionOf(job.found) };
      return record(job, planned, change.reviewer, () => null);
    });
  }

  /**
   * Returns the corrections that `replaceResult` would record.
   *
   * @throws CorpusFault as `replaceResult` does
   */
  async deriveCorrections(change: Change, result: Buffer): Promise<readonly PlannedCorrection[]> {
    const job = await this.jobs.find(change.jobId);
    requireOpen(job, change);
    return planResult(job, result, this.replay).corrections;
  }

  /** Approves or reopens the job. Does nothing if it is in that state already. */
  async setApproved(change: Change, approved: boolean): Promise<JobRecord> {
    return this.jobs.change(change.jobId, async (job) => {
      requireVersion(job.found, change);
      if (job.found.summary.approved === approved) return job.found;
      if (approved && job.found.result === null)
        throw new CorpusFault('no-result', 'a job without a result cannot be approved');
      return job.setApproved(approved, change.reviewer);
    });
  }
}

function planResult(job: JobRecord, result: Buffer, replay: ReplayService): Plan {
  const current = job.result ?? JSON_NULL;
  const edits = deriveEdits(current, result);
  const whole: EditRequest = { op: 'replace', path: [], value: result };
  const insertsAndRemovals = edits.filter(({ op }) => op !== 'replace').length;
  const areMany = edits.length > MAX_CORRECTIONS || insertsAndRemovals * current.length > MAX_WORK;
  return plan(current, areMany ? [whole] : edits, () => 'the body', replay);
}

async function record(
  job: LockedJob,
  { corrections, result }: Plan,
  reviewer: string,
  reasonOf: (index: number) => string | null,
): Promise<Recorded> {
  const reasoned = corrections.map((correction, index) => ({ ...correction, reason: reasonOf(index) }));
  const recorded = await job.correct(reasoned, reviewer, result);
  return { corrections: recorded, version: versionOf(await job.read()) };
}

function requireOpen(job: JobRecord, change: Change): void {
  requireVersion(job, change);
  if (job.summary.approved)
    throw new CorpusFault('approved', 'the job is approved; reopen it first (DELETE …/approval)');
}

function requireVersion(job: JobRecord, { versions }: Change): void {
  if (versions?.includes(versionOf(job)) === false)
    throw new CorpusFault(
      'precondition-failed',
      'If-Match does not match the current version of the job; read the job again',
    );
}
