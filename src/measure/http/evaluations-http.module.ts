import { Module } from '@nestjs/common';
import { GroundTruthModule } from '../../ground-truth/ground-truth.module.js';
import { EvaluationService } from '../evaluation.service.js';
import { EvaluationsController } from './evaluations.controller.js';

/** Evaluations over HTTP. */
@Module({
  imports: [GroundTruthModule],
  controllers: [EvaluationsController],
  providers: [EvaluationService],
})
export class EvaluationsHttpModule {}
