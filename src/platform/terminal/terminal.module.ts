import { Module } from '@nestjs/common';
import { InjectCommander } from 'nest-commander';
import { Interruption } from './interruption.js';
import { type CommanderCommand } from './terminal-command.js';

/** Names the program, and provides the `Interruption` that all commands share. */
@Module({ providers: [Interruption], exports: [Interruption] })
export class TerminalModule {
  constructor(@InjectCommander() program: CommanderCommand) {
    program
      .name('ground-truth')
      .description('Turns human corrections of machine-read documents into training data.')
      .showHelpAfterError('see: ground-truth --help');
  }
}
