import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { CorpusFault } from './corpus-fault.js';
import { namingSource } from './evidence.service.js';
import { ImportService } from './import/import.service.js';
import { type JobRecord } from './job-record.js';
import { JobsRepository } from './jobs.repository.js';
import { requireFits } from './locked-job.js';
import { type PipelineOutput, sizeOfOutput } from './import/pipeline-output.js';

/** Creates jobs from pipeline output. */
@Injectable()
export class IntakeService {
  constructor(
    private readonly imports: ImportService,
    private readonly jobs: JobsRepository,
  ) {}

  /**
   * Creates the job. Output with a `job_id` or an `external_id` can be sent again: the same output changes nothing.
   *
   * @throws CorpusFault `job-exists` if a job with one of them came from different output; `job-too-large`
   */
  async create(output: PipelineOutput): Promise<{ job: JobRecord; isNew: boolean }> {
    requireFits(sizeOfOutput(output));
    const { job_id, external_id } = output;
    const newId = job_id ?? uuidv7();
    for (;;) {
      if (await namingSource(this.jobs.insert(newId, output)))
        return { job: await this.jobs.find(newId), isNew: true };
      const id = await this.jobs.findId(job_id, external_id);
      // Otherwise it was erased meanwhile.
      if (id !== undefined) {
        await this.requireSame(id, output);
        return { job: await this.jobs.find(id), isNew: false };
      }
    }
  }

  private async requireSame(id: string, output: PipelineOutput): Promise<void> {
    const { job_id } = output;
    if (job_id !== null && id !== job_id)
      throw new CorpusFault('job-exists', `is that of job ${id} already`, 'external_id');
    if (await this.jobs.isSame(id, output)) return;
    const field = job_id === null ? 'external_id' : 'job_id';
    throw new CorpusFault('job-exists', `job ${id} already exists with different pipeline output`, field);
  }

  /**
   * Creates many jobs, all or none, in one transaction. Memory does not grow with the input.
   *
   * @param input JSON Lines in UTF-8
   * @param maxLineBytes the most bytes of a line, as of the body of a single job
   * @throws BadInputError that lists the bad lines
   */
  async createAll(
    input: AsyncIterable<Buffer>,
    maxLineBytes: number,
  ): Promise<{ created: number; unchanged: number }> {
    const { inserted, skipped } = await this.imports.import(input, {
      accepted: 'outputs',
      maxLineBytes,
      onConflict: 'skip-same',
      acceptDiverged: false,
    });
    return { created: inserted, unchanged: skipped };
  }
}
