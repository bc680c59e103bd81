import { type DynamicModule, type INestApplicationContext, type Type } from '@nestjs/common';
import { CommandFactory } from 'nest-commander';
import { ExitCode, reportFailure } from './failure.js';
import { Interruption } from './interruption.js';
import { toleratePipes } from './print.js';
import { formatUsageError, isEndOfParsing } from './terminal-command.js';

type CommandsModule = Type | DynamicModule;

/**
 * Runs the command of the command line, releases its resources, and sets the exit code. If a signal interrupted the command,
 * the process then ends by that signal.
 *
 * @param loadModule loads the module with the commands; an error that it throws is reported like any other
 */
export async function runCli(
  loadModule: () => Promise<CommandsModule> | CommandsModule,
  version: string,
): Promise<void> {
  toleratePipes();
  try {
    const app = await CommandFactory.createWithoutRunning(await loadModule(), {
      version,
      // Nest's log is for servers. On an error it would print a stack and set its own exit code.
      logger: false,
      abortOnError: false,
      errorHandler: rethrow,
      serviceErrorHandler: rethrow,
      helpConfiguration: { sortSubcommands: true },
      outputConfiguration: {
        outputError: (text, write) => {
          write(formatUsageError(text));
        },
      },
    });
    await runCommand(app);
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}

async function runCommand(app: INestApplicationContext): Promise<void> {
  const interruption = app.get(Interruption, { strict: false });
  try {
    await CommandFactory.runApplication(app);
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
  } finally {
    await app.close();
    interruption.passOn();
  }
}

function exitCodeOf(error: unknown): ExitCode {
  if (isEndOfParsing(error)) return error.exitCode === 0 ? ExitCode.Done : ExitCode.WrongUsage;
  return reportFailure(error);
}

function rethrow(error: Error): never {
  throw error;
}
