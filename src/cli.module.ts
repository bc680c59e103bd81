import { Module } from '@nestjs/common';
import { InjectCommander } from 'nest-commander';
import { AccessModule } from './platform/access/access.module.js';
import { AccessCommandsModule } from './platform/access/commands/access-commands.module.js';
import { DemoCommand } from './demo.command.js';
import { MigrateCommand } from './migrate.command.js';
import { ServeCommand } from './serve.command.js';
import { ConfigModule } from './platform/config/config.module.js';
import { CorpusCommandsModule } from './corpus/commands/corpus-commands.module.js';
import { CorpusModule } from './corpus/corpus.module.js';
import { DatabaseModule } from './platform/database/database.module.js';
import { GroundTruthCommandsModule } from './ground-truth/commands/ground-truth-commands.module.js';
import { GroundTruthModule } from './ground-truth/ground-truth.module.js';
import { type CommanderCommand } from './platform/terminal/terminal-command.js';
import { TerminalModule } from './platform/terminal/interruption.js';

/** The commands. Loading one must cost little: none imports the HTTP side. */
@Module({
  imports: [
    ConfigModule,
    DatabaseModule.forRoot('on-demand'),
    AccessModule,
    TerminalModule,
    CorpusModule,
    GroundTruthModule,
    GroundTruthCommandsModule,
    CorpusCommandsModule,
    AccessCommandsModule,
  ],
  providers: [ServeCommand, MigrateCommand, DemoCommand],
})
export class CliModule {
  constructor(@InjectCommander() program: CommanderCommand) {
    program
      .name('ground-truth')
      .description('Turns human corrections of machine-read documents into training data.')
      .showHelpAfterError('see: ground-truth --help');
  }
}
