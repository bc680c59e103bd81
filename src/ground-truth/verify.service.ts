import { createHash, type Hash, hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ByteWriter } from '../platform/byte-writer.js';
import { type CopyRow } from '../platform/database/binary-copy.js';
import { uuidAt } from '../platform/uuid.js';
import { JSON_NULL } from '../json-text/index.js';
import { type Divergence } from '../replay/replay.js';
import { type CorpusFilter } from './corpus-filter.js';
import { JobField } from './sample-schema.js';
import { type CorpusSnapshot, GroundTruthRepository } from './ground-truth.repository.js';
import { ReplayService } from '../replay/replay.service.js';
import { readResult, TrailReader } from './trail-reader.js';

/** A job whose trail does not fit its result. Contains nothing of the document. */
export type UnsoundJob =
  | ({ readonly job_id: string; readonly problem: 'diverged' } & Divergence)
  | { readonly job_id: string; readonly problem: 'digest_differs' };

/** Counts of a verification. Each job is exact, diverged, or has a different digest. */
export interface Verification {
  readonly jobs: number;
  readonly exact: number;
  /** A step of the trail does not fit. */
  readonly diverged: number;
  /** Every step fits, but the original differs from the recorded digest. */
  readonly digest_differs: number;
  /** Exact jobs that have an original but no recorded digest. */
  readonly without_digest: number;
  /** Contents of sources. */
  readonly contents: number;
  /** Contents that do not have their digest. */
  readonly contents_differ: number;
  /** The digests of the first of them. */
  readonly damaged: readonly string[];
  /** The first jobs that are not exact, in corpus order. */
  readonly unsound: readonly UnsoundJob[];
}

export interface VerifyProgress {
  readonly jobs: number;
  /** Bytes of the originals checked so far. */
  readonly bytes: number;
  /** The number of all jobs. */
  readonly total: number;
}

export interface VerifyOptions {
  /** Aborts the verification at once and releases its connection. */
  readonly signal?: AbortSignal;
  /** Called at the start and after each block. If set, the jobs are counted first, which takes some time. */
  readonly onProgress?: (progress: VerifyProgress) => void;
}

const MAX_LISTED = 1_000;
/** Bytes of originals to check before yielding to the event loop. */
const BLOCK_SIZE = 256 * 1024;
const ALL_JOBS: CorpusFilter = { approved_only: false };

/** Finds jobs that do not replay to the original pipeline output. */
@Injectable()
export class VerifyService {
  constructor(
    private readonly repository: GroundTruthRepository,
    private readonly replayService: ReplayService,
  ) {}

  /** Checks all jobs in one snapshot. Throws errors of the database. */
  async verify({ signal, onProgress }: VerifyOptions = {}): Promise<Verification> {
    const running = new RunningVerification(this.replayService);
    const snapshot = await this.repository.openSnapshot({ signal });
    try {
      const total = onProgress ? await snapshot.countJobs(ALL_JOBS) : 0;
      const report = () => onProgress?.({ jobs: running.found.jobs, bytes: running.bytes, total });
      report();
      for await (const _ of snapshot.streamJobsWithDigest(ALL_JOBS, (row) => running.check(row))) report();
      return { ...running.found, ...(await verifyContents(snapshot)) };
    } finally {
      snapshot.close();
    }
  }
}

type VerifiedContents = Pick<Verification, 'contents' | 'contents_differ' | 'damaged'>;

async function verifyContents(snapshot: CorpusSnapshot): Promise<VerifiedContents> {
  const damaged: string[] = [];
  const found = { contents: 0, contents_differ: 0 };
  let current: { sha256: string; digest: Hash } | undefined;
  const finish = () => {
    if (!current || current.digest.digest('hex') === current.sha256) return;
    found.contents_differ++;
    if (damaged.length < MAX_LISTED) damaged.push(current.sha256);
  };
  if (snapshot.holdsContents)
    for await (const { sha256, bytes } of snapshot.streamContents()) {
      if (current?.sha256 !== sha256) {
        finish();
        current = { sha256, digest: createHash('sha256') };
        found.contents++;
      }
      if (bytes) current.digest.update(bytes);
    }
  finish();
  return { ...found, damaged };
}

class RunningVerification {
  readonly found = {
    jobs: 0,
    exact: 0,
    diverged: 0,
    digest_differs: 0,
    without_digest: 0,
    unsound: [] as UnsoundJob[],
  };
  bytes = 0;
  private nextTurn = BLOCK_SIZE;
  /** The current original; the buffer is reused. */
  private readonly original = new ByteWriter(BLOCK_SIZE);

  private readonly trails: TrailReader;

  constructor(private readonly replayService: ReplayService) {
    this.trails = new TrailReader(replayService);
  }

  /** @returns whether to yield */
  check(row: CopyRow): boolean {
    const { original, found } = this;
    original.length = 0;
    const diverged = this.replayService.replay(readResult(row), this.trails.read(row), original);
    const text = original.bytes.subarray(0, original.length);
    found.jobs++;
    if (diverged) {
      found.diverged++;
      this.list(row, (job_id) => ({ job_id, problem: 'diverged', ...diverged }));
    } else if (!fitsDigest(row, text)) {
      found.digest_differs++;
      this.list(row, (job_id) => ({ job_id, problem: 'digest_differs' }));
    } else {
      found.exact++;
      // Without an original there is no digest.
      if (row.isNull(JobField.OriginalSha256) && !text.equals(JSON_NULL)) found.without_digest++;
    }
    this.bytes += text.length;
    if (this.bytes < this.nextTurn) return false;
    this.nextTurn = this.bytes + BLOCK_SIZE;
    return true;
  }

  private list(row: CopyRow, describe: (jobId: string) => UnsoundJob): void {
    const { unsound } = this.found;
    if (unsound.length < MAX_LISTED) unsound.push(describe(uuidAt(row.bytes, row.start(JobField.Id))));
  }
}

/** Whether the original has the recorded digest; true if no digest is recorded. */
function fitsDigest(row: CopyRow, original: Buffer): boolean {
  if (row.isNull(JobField.OriginalSha256)) return true;
  const [start, end] = [row.start(JobField.OriginalSha256), row.end(JobField.OriginalSha256)];
  return hash('sha256', original) === row.bytes.toString('latin1', start, end);
}
