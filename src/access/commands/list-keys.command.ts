import { Option, SubCommand } from 'nest-commander';
import { print } from '../../terminal/print.js';
import { tableText } from '../../terminal/table.js';
import { type Flags, TerminalCommand } from '../../terminal/terminal-command.js';
import { type ApiKey, ApiKeys } from '../api-keys.js';
import { toTheSecond } from './to-the-second.js';

@SubCommand({ name: 'list', description: 'List all keys, without their secrets' })
export class ListKeysCommand extends TerminalCommand {
  constructor(private readonly keys: ApiKeys) {
    super();
  }

  protected override examples(): string[] {
    return [
      'ground-truth api-key list',
      `ground-truth api-key list --json | jq -r '.[] | select(.state == "valid").name'`,
    ];
  }

  @Option({ flags: '--json', description: 'print one JSON array (default: a table)' })
  json(): boolean {
    return true;
  }

  async run(_: string[], { json }: Flags): Promise<void> {
    const keys = await this.keys.list();
    await print(json === true ? `${JSON.stringify(keys)}\n` : tableText([HEADER, ...keys.map(toRow)]));
  }
}

const HEADER = ['NAME', 'SCOPES', 'STATE', 'CREATED', 'EXPIRES', 'LAST USED', 'ID'];

function toRow({ name, scopes, state, created_at, expires_at, last_used_at, id }: ApiKey): string[] {
  return [
    name,
    scopes.join(','),
    state,
    toTheSecond(created_at),
    expires_at === null ? 'never' : toTheSecond(expires_at),
    last_used_at === null ? '-' : toTheSecond(last_used_at),
    id,
  ];
}
