import { type DynamicModule, type INestApplicationContext } from '@nestjs/common';
import { CommandFactory } from 'nest-commander';
import { ExitCode, reportFailure } from './failure.js';
import { Interruption } from './interruption.js';
import { toleratePipes } from './print.js';
import { formatUsageError, isEndOfParsing } from './terminal-command.js';

/**
 * Runs the command that the command line names, gives back what it used, and sets the exit code. The process then ends by
 * itself, or by the signal that interrupted it.
 *
 * @param makeModule makes the module that has the commands among its providers; what it throws is reported like any failure
 */
export async function runCli(makeModule: () => DynamicModule, version: string): Promise<void> {
  toleratePipes();
  try {
    const app = await CommandFactory.createWithoutRunning(makeModule(), {
      version,
      // Nest's own lines are for servers, and its way to end on an error has an exit code and a stack of its own.
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
