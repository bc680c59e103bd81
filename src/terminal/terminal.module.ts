import { Module } from '@nestjs/common';
import { Interruption } from './interruption.js';

/** What commands share. */
@Module({ providers: [Interruption], exports: [Interruption] })
export class TerminalModule {}
