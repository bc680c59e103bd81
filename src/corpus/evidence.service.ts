import { Injectable } from '@nestjs/common';
import { JSON_NULL, sliceOf } from '../json-text/index.js';
import { ReplayService } from '../replay/replay.service.js';
import { CorpusFault } from './corpus-fault.js';
import { type JobRecord } from './job-record.js';
import { JobsRepository } from './jobs.repository.js';
import { type Evidence, EVIDENCE_KEYS } from './evidence/evidence.js';
import { ContentMissing } from './evidence/evidence.repository.js';

/** Adds evidence to jobs that have been created without it. */
@Injectable()
export class EvidenceService {
  constructor(
    private readonly jobs: JobsRepository,
    private readonly replay: ReplayService,
  ) {}

  /**
   * Adds evidence, all parts or none.
   *
   * @throws CorpusFault `job-not-found`, `evidence-exists` if the job has one of the parts already, `invalid-body`, `job-too-large`
   */
  async add(jobId: string, evidence: Evidence): Promise<JobRecord> {
    return this.jobs.change(jobId, async (job) => {
      requireNew(await job.read(), evidence);
      await namingSource(job.add(evidence));
      return job.read();
    });
  }

  /**
   * Returns the compact JSON that the job's trail leads back to, for JSON Pointers.
   *
   * @throws CorpusFault `job-not-found`
   */
  async initialResult(jobId: string): Promise<Buffer> {
    const { result } = await this.jobs.findState(jobId);
    const trail = [];
    for await (const correction of this.jobs.streamTrail(jobId, {}))
      trail.push({
        ...correction,
        path: this.replay.parsePath(correction.field_path),
        oldValue: sliceOf(correction.old_value),
        newValue: sliceOf(correction.new_value),
      });
    return this.replay.replayText(result ?? JSON_NULL, trail).original;
  }
}

function requireNew(job: JobRecord, evidence: Evidence): void {
  const given = {
    producer: evidence.producer !== null,
    sources: evidence.sources.length > 0,
    fields: evidence.fields !== null,
  };
  for (const name of EVIDENCE_KEYS) {
    const text = job.evidence[name].toString();
    if (given[name] && text !== 'null' && text !== '[]')
      throw new CorpusFault('evidence-exists', 'the job has it already; it is written once', name);
  }
}

/** Turns a source that leads nowhere into a fault of the body. */
export async function namingSource<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ContentMissing)) throw error;
    throw new CorpusFault(
      'invalid-body',
      'is not held here; send the content first: PUT /api/v1/sources/{sha256}',
      `sources[${error.source}].sha256`,
    );
  }
}
