import { Module } from '@nestjs/common';
import { TerminalModule } from '../../platform/terminal/interruption.js';
import { CorpusModule } from '../corpus.module.js';
import { EraseCommand } from './erase.command.js';
import { ImportCommand } from './import.command.js';

/** The write side at the terminal. */
@Module({ imports: [CorpusModule, TerminalModule], providers: [EraseCommand, ImportCommand] })
export class CorpusCommandsModule {}
