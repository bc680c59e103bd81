import { Command } from 'nest-commander';
import { CommandGroup } from '../../terminal/command-group.js';
import { CreateKeyCommand } from './create-key.command.js';
import { ListKeysCommand } from './list-keys.command.js';
import { RevokeKeyCommand } from './revoke-key.command.js';

@Command({
  name: 'api-key',
  description: 'Create, list and revoke the keys to the HTTP API',
  subCommands: [CreateKeyCommand, ListKeysCommand, RevokeKeyCommand],
})
export class ApiKeyCommand extends CommandGroup {
  protected override examples(): string[] {
    return [
      'ground-truth api-key create --name nightly --scope export',
      'ground-truth api-key list',
      'ground-truth api-key revoke nightly',
    ];
  }
}
