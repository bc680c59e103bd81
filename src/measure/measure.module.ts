import { Module } from '@nestjs/common';
import { GroundTruthModule } from '../ground-truth/ground-truth.module.js';
import { MeasureService } from './measure.service.js';

/** Measures of corpora, shared by controllers and commands. */
@Module({
  imports: [GroundTruthModule],
  providers: [MeasureService],
  exports: [MeasureService],
})
export class MeasureModule {}
