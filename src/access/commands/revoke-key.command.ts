import { SubCommand } from 'nest-commander';
import { Failure } from '../../terminal/failure.js';
import { printNote } from '../../terminal/print.js';
import { TerminalCommand } from '../../terminal/terminal-command.js';
import { ApiKeys } from '../api-keys.js';
import { holdsSecret } from '../secret.js';

@SubCommand({
  name: 'revoke',
  arguments: '<key>',
  argsDescription: { key: 'the name of a key, or its id' },
  description: 'Revoke a key, for good',
})
export class RevokeKeyCommand extends TerminalCommand {
  constructor(private readonly keys: ApiKeys) {
    super();
  }

  protected override examples(): string[] {
    return ['ground-truth api-key revoke nightly'];
  }

  async run([nameOrId = '']: string[]): Promise<void> {
    const key = await this.keys.revoke(nameOrId);
    if (key === undefined)
      throw new Failure(`there is no ${describe(nameOrId)}; see: ground-truth api-key list`);
    printNote(`the key ${key.name} is revoked since ${key.revoked_at!}`);
  }
}

/** Whoever gives the key itself has it in the command line already, but not in what is kept of the output. */
function describe(nameOrId: string): string {
  return holdsSecret(nameOrId)
    ? 'key with that name or id, and it looks like the key itself'
    : `key ${JSON.stringify(nameOrId)}`;
}
