import { Module } from '@nestjs/common';
import { MeasureModule } from '../measure.module.js';
import { MeasureController } from './measure.controller.js';

/** Measures over HTTP. */
@Module({ imports: [MeasureModule], controllers: [MeasureController] })
export class MeasureHttpModule {}
