import { Module } from '@nestjs/common';
import { ImportService } from './import/import.service.js';
import { StagingRepository } from './import/staging.repository.js';
import { IngestRepository } from './ingest/ingest.repository.js';
import { IngestService } from './ingest/ingest.service.js';
import { JobsRepository } from './jobs.repository.js';
import { QueueRepository } from './queue/queue.repository.js';
import { QueueService } from './queue/queue.service.js';
import { ReviewRepository } from './review/review.repository.js';
import { ReviewService } from './review/review.service.js';

/** The write side: jobs and their trails. It knows neither HTTP nor a terminal. */
@Module({
  providers: [
    JobsRepository,
    StagingRepository,
    ImportService,
    IngestRepository,
    IngestService,
    QueueRepository,
    QueueService,
    ReviewRepository,
    ReviewService,
  ],
  exports: [JobsRepository, ImportService, IngestService, QueueService, ReviewRepository, ReviewService],
})
export class CorpusModule {}
