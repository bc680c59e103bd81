import { Command, Option, SubCommand } from 'nest-commander';
import { ChoicesParameter, InFuture, TextThat, TimeParameter } from '../../parameters/parameters.js';
import { Failure } from '../../terminal/failure.js';
import { Interruption } from '../../terminal/interruption.js';
import { STANDARD_OUTPUT, writeOutput } from '../../terminal/output.js';
import { print, printNote, tableText, toTheSecond } from '../../terminal/print.js';
import { readFlags } from '../../terminal/read-flags.js';
import { CommandGroup, type Flags, TerminalCommand } from '../../terminal/terminal-command.js';
import { formatTimestamp } from '../../timestamp.js';
import { type ApiKey, ApiKeys } from '../api-keys.js';
import { ACCEPTED_NAMES, holdsSecret, isKeyName, type Scope, SCOPES } from '../key.js';

class CreateKeyFlags {
  @TextThat(isKeyName, ACCEPTED_NAMES)
  readonly name!: string;

  @ChoicesParameter(SCOPES)
  readonly scope!: ReadonlySet<Scope>;

  @TimeParameter()
  @InFuture()
  readonly expires?: bigint;
}

@SubCommand({
  name: 'create',
  description: 'Create a key and print its secret as one line; it is shown only once',
})
export class CreateKeyCommand extends TerminalCommand {
  constructor(
    private readonly keys: ApiKeys,
    private readonly interruption: Interruption,
  ) {
    super();
  }

  protected override examples(): string[] {
    return [
      'KEY=$(ground-truth api-key create --name nightly --scope export)',
      'ground-truth api-key create --name review-tool --scope review,ingest --expires 2030-01-01',
      'ground-truth api-key create --name first --scope admin --if-none >> key.txt',
    ];
  }

  @Option({
    flags: '--name <name>',
    required: true,
    description: 'the name of the key in logs and lists; unique, also among revoked keys',
  })
  name(text: string): string {
    return text;
  }

  @Option({
    flags: '--scope <scopes>',
    required: true,
    description: `scopes, separated by commas: ${SCOPES.join(', ')}; admin includes all others`,
  })
  scope(text: string): string {
    return text;
  }

  @Option({
    flags: '--expires <time>',
    description: 'a time or a date from which on the key is refused (default: none)',
  })
  expires(text: string): string {
    return text;
  }

  @Option({
    flags: '--if-none',
    name: 'if_none',
    description:
      'do nothing if a usable key exists; if an expired or revoked key has the name, use name-2, name-3 and so on (default: no)',
  })
  ifNone(): boolean {
    return true;
  }

  async run(_: string[], { if_none, ...flags }: Flags): Promise<void> {
    const { name, scope, expires } = readFlags(this, CreateKeyFlags, flags);
    const wanted = {
      name,
      scopes: [...scope],
      expires_at: expires === undefined ? null : formatTimestamp(expires),
    };
    const show = (secret: string) => this.show(secret);
    const created = await (if_none === true
      ? this.keys.createIfNone(wanted, show)
      : this.keys.create(wanted, show));
    if (created === undefined) {
      printNote('a key that is neither expired nor revoked exists; none was created');
      return;
    }
    const { key } = created;
    if (key.name !== name)
      printNote(`an expired or revoked key has the name ${name}; the new key is called ${key.name}`);
    const end = key.expires_at === null ? 'does not expire' : `expires at ${key.expires_at}`;
    printNote(
      `created the key ${key.name} for ${key.scopes.join(', ')}; it ${end}. The secret is shown only once: only its digest is stored`,
    );
  }

  /** @throws Failure if it cannot be written, even to a closed pipe, because the secret is shown only once */
  private async show(secret: string): Promise<void> {
    try {
      const { isComplete } = await writeOutput(STANDARD_OUTPUT, lineOf(secret), this.interruption.signal);
      if (!isComplete) throw new Failure('standard output is closed');
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      throw new Failure(`${error.message}; no key was created, because its secret could not be shown`);
    }
  }
}

async function* lineOf(secret: string): AsyncGenerator<Buffer> {
  yield await Promise.resolve(Buffer.from(`${secret}\n`));
}

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

@SubCommand({
  name: 'revoke',
  arguments: '<key>',
  argsDescription: { key: 'the name of a key, or its id' },
  description: 'Revoke a key permanently',
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
    printNote(`the key ${key.name} was revoked at ${key.revoked_at!}`);
  }
}

/** A secret given instead of a name must not be repeated in the output, which may be kept. */
function describe(nameOrId: string): string {
  return holdsSecret(nameOrId)
    ? 'key with that name or id, and it looks like the key itself'
    : `key ${JSON.stringify(nameOrId)}`;
}

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
