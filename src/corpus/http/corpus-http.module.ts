import { Module } from '@nestjs/common';
import { CorpusModule } from '../corpus.module.js';
import { Bodies } from './bodies.js';
import { JobsController } from './jobs.controller.js';
import { ReviewController } from './review.controller.js';

/** The write side over HTTP. */
@Module({ imports: [CorpusModule], controllers: [JobsController, ReviewController], providers: [Bodies] })
export class CorpusHttpModule {}
