import { CommandRunner } from 'nest-commander';
import { type Env } from '../config/env.js';
import { Failure } from './failure.js';
import { STANDARD_OUTPUT } from './output.js';

/** Of the commander version that nest-commander depends on. */
export type CommanderCommand = Parameters<CommandRunner['setCommand']>[0];
type CommanderError = Error & { code: string; exitCode: number };

/** Flags as typed, by their names in the DTO. Flags without a value are `true`. */
export type Flags = Readonly<Record<string, unknown>>;

/**
 * A command that checks its usage before it does anything: it refuses unknown and repeated flags, excess arguments and invalid
 * values with a message on standard error.
 */
export abstract class TerminalCommand extends CommandRunner {
  override setCommand(command: CommanderCommand): this {
    command.exitOverride();
    command.allowExcessArguments(false);
    pointToHelp(command, command.name());
    command.addHelpText('after', () =>
      ['', 'Examples:', ...this.examples().map((line) => `  ${line}`)].join('\n'),
    );
    refuseRepeatedFlags(command);
    return super.setCommand(command);
  }

  /** Complete, working command lines for the help. */
  protected abstract examples(): readonly string[];

  /** The value of the flag `OUT`, for `writeOutput`. */
  protected targetOf(out: unknown): string {
    if (out === '') this.refuse(['--out: "" is not a file name; use a file, a device, a pipe or -']);
    return typeof out === 'string' ? out : STANDARD_OUTPUT;
  }

  /** Ends the command with the exit code for wrong usage. */
  refuse(faults: readonly string[]): never {
    this.command.error(faults.map((fault) => `${COMMANDER_PREFIX}${fault}`).join('\n'));
  }
}

/** @param name the full name, with the names of its groups */
function pointToHelp(command: CommanderCommand, name: string): void {
  command.showHelpAfterError(`see: ground-truth ${name} --help`);
}

/** Whether commander has ended the command and printed the reason. Its error class cannot be imported: it is no dependency of ours. */
export function isEndOfParsing(error: unknown): error is CommanderError {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('commander.');
}

/** Formats commander's messages like ours, one line each. */
export function formatUsageError(text: string): string {
  return text.replace(/^error: /gm, 'ground-truth: ').replace('\n(Did', ' (did');
}

const COMMANDER_PREFIX = 'error: ';

/** Commander itself uses the last value of a repeated flag. */
function refuseRepeatedFlags(command: CommanderCommand): void {
  const addOption = command.addOption.bind(command);
  command.addOption = (option) => {
    let isGiven = false;
    command.on(`option:${option.name()}`, () => {
      if (isGiven) command.error(`${COMMANDER_PREFIX}${option.long ?? option.flags} is given more than once`);
      isGiven = true;
    });
    return addOption(option);
  };
}

/** A command that only has subcommands. */
export abstract class CommandGroup extends TerminalCommand {
  override setCommand(command: CommanderCommand): this {
    super.setCommand(command);
    // Otherwise commander would report an unknown subcommand as an excess argument.
    command.allowExcessArguments(true);
    const addCommand = command.addCommand.bind(command);
    command.addCommand = (subcommand, options) => {
      pointToHelp(subcommand, `${command.name()} ${subcommand.name()}`);
      return addCommand(subcommand, options);
    };
    return this;
  }

  run([name]: string[]): Promise<never> {
    if (name === undefined) this.command.help({ error: true });
    const names = this.command.commands.map((subcommand) => subcommand.name());
    this.refuse([`unknown command '${name}'; accepted are ${names.join(', ')}`]);
  }
}

/**
 * Call this first in a command that changes the database.
 *
 * @throws Failure with external relations, which are read-only
 */
export function refuseToWrite(command: string, env: Env): void {
  if (env.hasExternalRelations)
    throw new Failure(
      `${command} changes the database, which is read-only if GROUND_TRUTH_JOBS_RELATION is set; unset it and GROUND_TRUTH_CORRECTIONS_RELATION to ${command} in a database of your own`,
    );
}
