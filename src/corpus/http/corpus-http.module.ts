import { Module } from '@nestjs/common';
import { HttpModule } from '../../platform/http/http.module.js';
import { CorpusModule } from '../corpus.module.js';
import { JobsController } from './jobs.controller.js';
import { ReviewController } from './review.controller.js';

/** The write side over HTTP. */
@Module({ imports: [CorpusModule, HttpModule], controllers: [JobsController, ReviewController] })
export class CorpusHttpModule {}
