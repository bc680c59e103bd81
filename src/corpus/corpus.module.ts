import { Module } from '@nestjs/common';
import { ReplayService } from '../replay/replay.service.js';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Job, JobCorrection } from '../platform/database/entities/job.entity.js';
import { ContentsRepository } from './evidence/contents.repository.js';
import { EvidenceService } from './evidence.service.js';
import { ImportService } from './import/import.service.js';
import { StagingRepository } from './import/staging.repository.js';
import { IntakeService } from './intake.service.js';
import { JobsRepository } from './jobs.repository.js';
import { LeasesRepository } from './leases.repository.js';
import { QueueRepository } from './queue.repository.js';
import { QueueService } from './queue.service.js';
import { Planner } from './planner.js';
import { ReviewService } from './review.service.js';
import { ScrubRepository } from './scrub.repository.js';

/** The write side: jobs and their trails. Knows neither HTTP nor the terminal. */
@Module({
  imports: [TypeOrmModule.forFeature([Job, JobCorrection])],
  providers: [
    JobsRepository,
    LeasesRepository,
    StagingRepository,
    ImportService,
    IntakeService,
    QueueRepository,
    QueueService,
    ReviewService,
    ScrubRepository,
    Planner,
    ContentsRepository,
    EvidenceService,
    ReplayService,
  ],
  exports: [
    JobsRepository,
    LeasesRepository,
    ImportService,
    IntakeService,
    QueueService,
    ReviewService,
    ScrubRepository,
    ContentsRepository,
    EvidenceService,
  ],
})
export class CorpusModule {}
