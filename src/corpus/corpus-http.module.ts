import { Module } from '@nestjs/common';
import { ConfigModule } from '../config/config.module.js';
import { CorpusModule } from './corpus.module.js';
import { JobsController } from './jobs.controller.js';
import { ReviewController } from './review.controller.js';

/** The write side over HTTP. */
@Module({ imports: [ConfigModule, CorpusModule], controllers: [JobsController, ReviewController] })
export class CorpusHttpModule {}
