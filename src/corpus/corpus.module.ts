import { Module } from '@nestjs/common';
import { ReplayService } from '../replay/replay.service.js';
import { ImportService } from './import/import.service.js';
import { StagingRepository } from './import/staging.repository.js';
import { IntakeRepository } from './intake.repository.js';
import { IntakeService } from './intake.service.js';
import { JobsRepository } from './jobs.repository.js';
import { QueueRepository } from './queue.repository.js';
import { QueueService } from './queue.service.js';
import { ReviewRepository } from './jobs.repository.js';
import { ReviewService } from './review.service.js';

/** The write side: jobs and their trails. It knows neither HTTP nor a terminal. */
@Module({
  providers: [
    JobsRepository,
    StagingRepository,
    ImportService,
    IntakeRepository,
    IntakeService,
    QueueRepository,
    QueueService,
    ReviewRepository,
    ReviewService,
    ReplayService,
  ],
  exports: [JobsRepository, ImportService, IntakeService, QueueService, ReviewRepository, ReviewService],
})
export class CorpusModule {}
