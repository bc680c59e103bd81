// SQL: a lease is taken and renewed in one statement each, so that two clients never hold one job.
import { Injectable } from '@nestjs/common';
import { hash, randomBytes } from 'node:crypto';
import { type EntityManager } from 'typeorm';
import { timeText } from '../platform/database/entities/columns.js';
import { Job } from '../platform/database/entities/job.entity.js';
import { GroundTruthDataSource } from '../platform/database/ground-truth-data-source.js';
import { CorpusFault } from './corpus-fault.js';
import { type Holding, type JobRecord } from './job-record.js';
import { readJob } from './locked-job.js';
import { inOrder, partsFrom, type QueueFilter, whereMatching } from './queue.repository.js';

/** A lease, as its holder gets it. Only a digest of the token is stored. */
export interface Lease extends Holding {
  readonly token: string;
}

/** A job that was handed out. */
export interface LeasedJob {
  readonly job: JobRecord;
  readonly lease: Lease;
}

/**
 * Hands out jobs. A lease is a promise among reviewers, and locks nothing: whoever may write still may, and the version of a job
 * decides. One that is not renewed runs out.
 */
@Injectable()
export class LeasesRepository {
  constructor(private readonly dataSource: GroundTruthDataSource) {}

  /**
   * Hands out the first open job with a result that matches and that nobody holds.
   *
   * @param seconds for which it is held
   * @param limit seconds after which the search is given up
   * @returns undefined if there is none
   */
  async takeNext(
    filter: QueueFilter,
    holder: string,
    seconds: number,
    limit = 0,
  ): Promise<LeasedJob | undefined> {
    const dataSource = await this.dataSource.connected();
    for (;;) {
      const taken = await dataSource.transaction(async (manager) => {
        await manager.query(`set local statement_timeout = '${limit}s'`);
        const id = await lockNext(manager, filter);
        if (id === undefined) return 'none';
        const token = newToken();
        const [held] = await manager.query<Holding[]>(takeLease, [id, digestOf(token), holder, seconds]);
        if (!held) return 'taken';
        return { job: await readJob(manager.getRepository(Job), id), lease: { token, ...held } };
      });
      if (taken === 'none') return undefined;
      // Somebody took the job after this statement had begun, and so did get further.
      if (taken !== 'taken') return taken;
    }
  }

  /**
   * Holds a job for as many seconds from now on. A lease that has run out is renewed, too, unless somebody else has the job.
   *
   * @throws CorpusFault `job-not-found`; `lease-lost`
   */
  async renew(id: string, token: string, seconds: number): Promise<Lease> {
    const dataSource = await this.dataSource.connected();
    const [[held]] = await dataSource.query<[Holding[]]>(renewLease, [id, digestOf(token), seconds]);
    if (!held) throw await this.whyLost(id);
    return { token, ...held };
  }

  /** @throws CorpusFault as `renew` does */
  async giveBack(id: string, token: string): Promise<void> {
    const dataSource = await this.dataSource.connected();
    const [, count] = await dataSource.query<[unknown, number]>(
      'delete from job_leases where job_id = $1 and token_sha256 = $2',
      [id, digestOf(token)],
    );
    if (count === 0) throw await this.whyLost(id);
  }

  private async whyLost(id: string): Promise<CorpusFault> {
    const dataSource = await this.dataSource.connected();
    const found = await dataSource.query<unknown[]>('select from jobs where id = $1', [id]);
    return found.length === 0
      ? new CorpusFault('job-not-found', `there is no job ${id}`)
      : new CorpusFault(
          'lease-lost',
          'this token does not hold the job: the lease was given back, ended with the approval, or ran out and somebody else has the job',
        );
  }
}

/** Locks the first job until the transaction ends. Those that others have locked are being handed out or changed, and are passed over. */
async function lockNext(manager: EntityManager, filter: QueueFilter): Promise<string | undefined> {
  for (const part of partsFrom(filter.sort)) {
    const query = manager
      .createQueryBuilder(Job, 'job')
      .select('job.id', 'id')
      .where(`not job.approved and job.result is not null and json_typeof(job.result) <> 'null'`)
      .andWhere('not exists (select from job_leases where job_id = job.id and expires_at > now())')
      .limit(1)
      .setLock('for_no_key_update', undefined, ['job'])
      .setOnLocked('skip_locked');
    whereMatching(query, filter);
    inOrder(query, part);
    const found = await query.getRawOne<{ id: string }>();
    if (found) return found.id;
  }
  return undefined;
}

/** 32 random bytes in base64url. */
function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** The token is random, so that a slow digest would add nothing. */
function digestOf(token: string): string {
  return hash('sha256', token, 'hex');
}

const HOLDING = `held_by, ${timeText('expires_at')} as expires_at`;

// The lock on the job does not keep out whoever had it and has committed since this transaction looked: the condition does.
const takeLease = `
  insert into job_leases (job_id, token_sha256, held_by, expires_at)
  values ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))
  on conflict (job_id) do update
    set token_sha256 = excluded.token_sha256, held_by = excluded.held_by, expires_at = excluded.expires_at
    where job_leases.expires_at <= clock_timestamp()
  returning ${HOLDING}
`;

const renewLease = `
  update job_leases set expires_at = clock_timestamp() + make_interval(secs => $3)
  where job_id = $1 and token_sha256 = $2
  returning ${HOLDING}
`;
