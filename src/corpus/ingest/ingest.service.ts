import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { CorpusFault } from '../corpus-fault.js';
import { ImportFaults, tooLong } from '../import/import-faults.js';
import { findRepeated } from '../import/import.service.js';
import { readLine } from '../import/line-reader.js';
import { splitLines } from '../import/split-lines.js';
import { StagingRepository } from '../import/staging.repository.js';
import { type JobRecord } from '../job-record.js';
import { ReviewRepository } from '../review/review.repository.js';
import { IngestRepository } from './ingest.repository.js';
import { type Outcome } from './outcome.js';

/** Takes what pipelines have to say of documents. */
@Injectable()
export class IngestService {
  constructor(
    private readonly ingest: IngestRepository,
    private readonly staging: StagingRepository,
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
    const staging = this.staging.open();
    try {
      const faults = new ImportFaults();
      for await (const { number, bytes } of splitLines(input)) {
        const line = bytes && readLine(bytes, number, 'outcomes');
        if (line?.kind === 'outcome') await staging.appendOutcome(number, line.outcome);
        for (const fault of line === undefined ? [tooLong(number)] : line.kind === 'bad' ? line.faults : [])
          faults.add(fault);
      }
      await findRepeated(staging, faults);
      const others = await staging.findOthers(ImportFaults.MOST);
      faults.addAll(
        others.count,
        others.first.map(({ line }) => ({
          line,
          field: 'job_id',
          reason: 'is that of a job which came in with another result or other fields',
        })),
      );
      faults.throwIfAny();
      const { inserted, skipped } = await staging.merge('skip');
      await staging.commit();
      return { created: inserted, unchanged: skipped };
    } catch (error) {
      await staging.rollBack();
      throw error;
    }
  }
}
