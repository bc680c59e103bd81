import { Module } from '@nestjs/common';
import { HttpModule } from '../http/http.module.js';
import { GroundTruthController } from './ground-truth.controller.js';
import { GroundTruthModule } from './ground-truth.module.js';

/** The read side over HTTP. */
@Module({ imports: [GroundTruthModule, HttpModule], controllers: [GroundTruthController] })
export class GroundTruthHttpModule {}
