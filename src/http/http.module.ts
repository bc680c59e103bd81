import { Module } from '@nestjs/common';
import { Fallback } from './fallback.js';
import { OpenStreams } from './open-streams.js';

/** What controllers share. */
@Module({ providers: [OpenStreams, Fallback], exports: [OpenStreams] })
export class HttpModule {}
