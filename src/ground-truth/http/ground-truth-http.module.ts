import { Module } from '@nestjs/common';
import { OperationsModule } from '../../platform/operations/operations.module.js';
import { ExportDownload } from './export-download.js';
import { GroundTruthController } from './ground-truth.controller.js';
import { GroundTruthModule } from '../ground-truth.module.js';

/** The read side over HTTP. */
@Module({
  imports: [GroundTruthModule, OperationsModule],
  controllers: [GroundTruthController],
  providers: [ExportDownload],
})
export class GroundTruthHttpModule {}
