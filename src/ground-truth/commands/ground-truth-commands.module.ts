import { Module } from '@nestjs/common';
import { TerminalModule } from '../../platform/terminal/interruption.js';
import { GroundTruthModule } from '../ground-truth.module.js';
import { ExportCommand } from './export.command.js';
import { StatsCommand } from './stats.command.js';
import { VerifyCommand } from './verify.command.js';

/** The read side at the terminal. */
@Module({
  imports: [GroundTruthModule, TerminalModule],
  providers: [ExportCommand, StatsCommand, VerifyCommand],
})
export class GroundTruthCommandsModule {}
