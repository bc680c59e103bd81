import { Command, InjectCommander } from 'nest-commander';
import { completionScript, SHELLS } from './platform/terminal/completion.js';
import { print } from './platform/terminal/print.js';
import { type CommanderCommand, TerminalCommand } from './platform/terminal/terminal-command.js';

@Command({
  name: 'completion',
  description: 'Print the script with which a shell completes commands and flags',
  arguments: '<shell>',
  argsDescription: { shell: SHELLS.join(', ') },
})
export class CompletionCommand extends TerminalCommand {
  constructor(@InjectCommander() private readonly program: CommanderCommand) {
    super();
  }

  protected override examples(): string[] {
    return [
      'source <(ground-truth completion bash)',
      'source <(ground-truth completion zsh)',
      'ground-truth completion fish | source',
    ];
  }

  async run([name]: string[]): Promise<void> {
    const shell = SHELLS.find((each) => each === name);
    if (shell === undefined) this.refuse([`no completion for '${name}'; accepted are ${SHELLS.join(', ')}`]);
    await print(completionScript(this.program, shell));
  }
}
