import { pointToHelp, TerminalCommand, type CommanderCommand } from './terminal-command.js';

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
