import { Module } from '@nestjs/common';
import { CorpusModule } from '../corpus.module.js';
import { JobsController } from './jobs.controller.js';
import { ReviewController } from './review.controller.js';

/** The write side over HTTP. */
@Module({ imports: [CorpusModule], controllers: [JobsController, ReviewController] })
export class CorpusHttpModule {}
