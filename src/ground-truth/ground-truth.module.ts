import { Module } from '@nestjs/common';
import { ExportService } from './export.service.js';
import { FeedService } from './feed.service.js';
import { GroundTruthRepository } from './ground-truth.repository.js';
import { RecordedExportService } from './recorded-export.service.js';
import { ReplayService } from '../replay/replay.service.js';
import { SamplesService } from './samples.service.js';
import { VerifyService } from './verify.service.js';

/** The read side, shared by the controller and the commands. Knows neither HTTP nor the terminal. */
@Module({
  providers: [
    GroundTruthRepository,
    ReplayService,
    ExportService,
    RecordedExportService,
    FeedService,
    SamplesService,
    VerifyService,
  ],
  exports: [
    ExportService,
    RecordedExportService,
    FeedService,
    SamplesService,
    VerifyService,
    ReplayService,
    GroundTruthRepository,
  ],
})
export class GroundTruthModule {}
