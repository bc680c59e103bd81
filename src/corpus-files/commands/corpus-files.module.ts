import { Module } from '@nestjs/common';
import { TerminalModule } from '../../platform/terminal/terminal.module.js';
import { ReplayService } from '../../replay/replay.service.js';
import { CheckCommand } from './check.command.js';
import { DiffCommand } from './diff.command.js';
import { InterleaveCommand } from './interleave.command.js';
import { MergeCommand } from './merge.command.js';

/** The commands on files alone. They load nothing of the database, so that they start in half the time of the others. */
@Module({
  imports: [TerminalModule],
  providers: [MergeCommand, InterleaveCommand, CheckCommand, DiffCommand, ReplayService],
})
export class CorpusFilesModule {}
