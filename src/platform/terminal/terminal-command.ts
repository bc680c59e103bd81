import { CommandRunner } from 'nest-commander';
import { type Env } from '../config/env.js';
import { ParameterError, readDto } from '../parameters/read-dto.js';
import { Failure } from './failure.js';

/** Of the version that nest-commander brings along. */
export type CommanderCommand = Parameters<CommandRunner['setCommand']>[0];
type CommanderError = Error & { code: string; exitCode: number };

/** Flags as they were typed, by the names of their DTO. Those that take no value are `true`. */
export type Flags = Readonly<Record<string, unknown>>;

/**
 * A command that takes nothing for granted: an unknown or repeated flag, an argument too many or a value that is not
 * accepted is wrong usage, said on standard error before anything happens.
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

  /** Whole lines that work, for the help. */
  protected abstract examples(): readonly string[];

  /** Validates flags with the DTO that HTTP validates its query parameters with. */
  protected readFlags<Dto extends object>(dto: new () => Dto, flags: Flags): Dto {
    try {
      return readDto(dto, { ...flags });
    } catch (error) {
      if (!(error instanceof ParameterError)) throw error;
      this.refuse(error.errors.map(({ field, message }) => `${toFlag(field)}: ${message}`));
    }
  }

  /** Ends the command as wrong usage. */
  protected refuse(faults: readonly string[]): never {
    this.command.error(faults.map((fault) => `${COMMANDER_PREFIX}${fault}`).join('\n'));
  }
}

/** @param name with the names of the groups that it is in */
function pointToHelp(command: CommanderCommand, name: string): void {
  command.showHelpAfterError(`see: ground-truth ${name} --help`);
}

/** Whether commander has ended the command: it has said why already. Its class is not ours to import. */
export function isEndOfParsing(error: unknown): error is CommanderError {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('commander.');
}

/** Commander's complaints in the form of all our others: a line each. */
export function formatUsageError(text: string): string {
  return text.replace(/^error: /gm, 'ground-truth: ').replace('\n(Did', ' (did');
}

const COMMANDER_PREFIX = 'error: ';

function toFlag(field: string): string {
  return `--${field.replaceAll('_', '-')}`;
}

/** Commander lets the last one win. */
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

/** A command that does nothing by itself: its subcommands do. */
export abstract class CommandGroup extends TerminalCommand {
  override setCommand(command: CommanderCommand): this {
    super.setCommand(command);
    // What is no subcommand would be called an argument too many.
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
 * For the start of a command that changes the database, before it does anything.
 *
 * @throws Failure with external relations, which are only read
 */
export function refuseToWrite(command: string, env: Env): void {
  if (env.isReadOnly)
    throw new Failure(
      `${command} changes the database, which is only read where GROUND_TRUTH_JOBS_RELATION is set; unset that and GROUND_TRUTH_CORRECTIONS_RELATION to ${command} in a database of your own`,
    );
}
