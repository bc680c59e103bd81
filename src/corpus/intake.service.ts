import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { CorpusFault } from './corpus-fault.js';
import { ImportService } from './import/import.service.js';
import { type JobRecord } from './job-record.js';
import { JobsRepository } from './jobs.repository.js';
import { type PipelineOutput } from './import/pipeline-output.js';

/** Takes what pipelines have to say of documents. */
@Injectable()
export class IntakeService {
  constructor(
    private readonly imports: ImportService,
    private readonly jobs: JobsRepository,
  ) {}

  /**
   * Creates the job. The same output again, by its `job_id`, changes nothing, so that a pipeline may try again.
   *
   * @throws CorpusFault `job-exists` where the id belongs to another output
   */
  async create(output: PipelineOutput): Promise<{ job: JobRecord; isNew: boolean }> {
    const id = output.job_id ?? uuidv7();
    const isNew = await this.jobs.insert(id, output);
    if (!isNew && !(await this.jobs.isSame(id, output)))
      throw new CorpusFault('job-exists', `job ${id} came in with another result or other fields`, 'job_id');
    return { job: await this.jobs.find(id), isNew };
  }

  /**
   * The same for many, all or none, in one transaction. Memory does not grow with the input.
   *
   * @param input JSON Lines in UTF-8
   * @throws BadInputError that names the bad lines
   */
  async createAll(input: AsyncIterable<Buffer>): Promise<{ created: number; unchanged: number }> {
    const { inserted, skipped } = await this.imports.import(input, {
      accepted: 'outputs',
      onConflict: 'skip-same',
      acceptDiverged: false,
    });
    return { created: inserted, unchanged: skipped };
  }
}
