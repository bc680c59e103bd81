import { Module } from '@nestjs/common';
import { CorpusModule } from '../corpus.module.js';
import { Bodies } from './bodies.js';
import { ContentSweep } from './content-sweep.js';
import { EvidenceController } from './evidence.controller.js';
import { JobAnswers } from './job-answers.js';
import { JobsController } from './jobs.controller.js';
import { LeasesController } from './leases.controller.js';
import { ReviewController } from './review.controller.js';
import { SourceUpload } from './source-upload.js';
import { SourcesController } from './sources.controller.js';

/** The write side over HTTP. */
@Module({
  imports: [CorpusModule],
  controllers: [JobsController, LeasesController, ReviewController, EvidenceController, SourcesController],
  providers: [Bodies, ContentSweep, JobAnswers, SourceUpload],
})
export class CorpusHttpModule {}
