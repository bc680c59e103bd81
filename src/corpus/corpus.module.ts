import { Module } from '@nestjs/common';
import { ImportService } from './import/import.service.js';
import { StagingRepository } from './import/staging.repository.js';
import { JobsRepository } from './jobs.repository.js';

/** The write side: jobs and their trails. It knows neither HTTP nor a terminal. */
@Module({
  providers: [JobsRepository, StagingRepository, ImportService],
  exports: [JobsRepository, ImportService],
})
export class CorpusModule {}
