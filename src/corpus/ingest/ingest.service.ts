import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { CorpusFault } from '../corpus-fault.js';
import { ImportService } from '../import/import.service.js';
import { type JobRecord } from '../job-record.js';
import { ReviewRepository } from '../review/review.repository.js';
import { IngestRepository } from './ingest.repository.js';
import { type Outcome } from './outcome.js';

/** Takes what pipelines have to say of documents. */
@Injectable()
export class IngestService {
  constructor(
    private readonly ingest: IngestRepository,
    private readonly imports: ImportService,
    private readonly jobs: ReviewRepository,
  ) {}

  /**
   * Creates the job. The same outcome again, by its `job_id`, changes nothing, so that a pipeline may try again.
   *
   * @throws CorpusFault `job-exists` where the id belongs to another outcome
   */
  async create(outcome: Outcome): Promise<{ job: JobRecord; isNew: boolean }> {
    const id = outcome.job_id ?? uuidv7();
    const isNew = await this.ingest.insert(id, outcome);
    if (!isNew && !(await this.ingest.isSame(id, outcome)))
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
      accepted: 'outcomes',
      onConflict: 'skip-same',
      acceptDiverged: false,
    });
    return { created: inserted, unchanged: skipped };
  }
}
