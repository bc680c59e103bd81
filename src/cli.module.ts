import { type DynamicModule, Module } from '@nestjs/common';
import { AccessModule } from './platform/access/access.module.js';
import { AccessLogCommand } from './platform/access/commands/access-log.command.js';
import {
  ApiKeyCommand,
  CreateKeyCommand,
  ListKeysCommand,
  RevokeKeyCommand,
} from './platform/access/commands/api-key.command.js';
import { CompletionCommand } from './completion.command.js';
import { DemoCommand } from './demo.command.js';
import { MigrateCommand } from './migrate.command.js';
import { ServeCommand } from './serve.command.js';
import { ConfigModule } from './platform/config/config.module.js';
import { type Env } from './platform/config/env.js';
import { EraseCommand } from './corpus/commands/erase.command.js';
import { ImportCommand } from './corpus/commands/import.command.js';
import { CorpusModule } from './corpus/corpus.module.js';
import { DatabaseModule } from './platform/database/database.module.js';
import { CorpusFilesModule } from './corpus-files/commands/corpus-files.module.js';
import { ChangesCommand } from './ground-truth/commands/changes.command.js';
import { ExportCommand } from './ground-truth/commands/export.command.js';
import { StatsCommand } from './ground-truth/commands/stats.command.js';
import { VerifyCommand } from './ground-truth/commands/verify.command.js';
import { PartsExportService } from './ground-truth/parts/parts-export.service.js';
import { EvaluateCommand } from './measure/commands/evaluate.command.js';
import { GroundTruthModule } from './ground-truth/ground-truth.module.js';
import { CoverageCommand } from './measure/commands/coverage.command.js';
import { ErrorsCommand } from './measure/commands/errors.command.js';
import { MeasureModule } from './measure/measure.module.js';
import { CorpusOpener } from './training/commands/corpus-opener.js';
import { DatasetCommand } from './training/commands/dataset.command.js';
import { printNote } from './platform/terminal/print.js';
import { TerminalModule } from './platform/terminal/terminal.module.js';

/** The commands. None imports the HTTP side, so that they start fast. */
@Module({})
export class CliModule {
  static forRoot(env: Env): DynamicModule {
    return {
      module: CliModule,
      imports: [
        ConfigModule.forRoot(env),
        DatabaseModule.forRoot({
          connect: 'on-demand',
          onEvent: ({ message }) => {
            printNote(message);
          },
        }),
        AccessModule,
        TerminalModule,
        GroundTruthModule,
        MeasureModule,
        CorpusModule,
        CorpusFilesModule,
      ],
      providers: [
        ...[ExportCommand, PartsExportService, ChangesCommand, StatsCommand, VerifyCommand],
        ...[ErrorsCommand, CoverageCommand, EvaluateCommand],
        ...[DatasetCommand, CorpusOpener],
        ...[ImportCommand, EraseCommand],
        ...[ApiKeyCommand, CreateKeyCommand, ListKeysCommand, RevokeKeyCommand, AccessLogCommand],
        ...[ServeCommand, MigrateCommand, DemoCommand, CompletionCommand],
      ],
    };
  }
}
