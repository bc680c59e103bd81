import { Command, Option } from 'nest-commander';
import { CountParameter } from '../../parameters/parameters.js';
import { inGroups, print, tableText, toTheSecond } from '../../terminal/print.js';
import { readFlags } from '../../terminal/read-flags.js';
import { type Flags, TerminalCommand } from '../../terminal/terminal-command.js';
import { AccessLog, type LoggedExport } from '../access-log.js';

class AccessLogFlags {
  @CountParameter(1, 100_000)
  readonly limit: number = 100;
}

@Command({ name: 'access-log', description: 'List who exported what and when, the newest first' })
export class AccessLogCommand extends TerminalCommand {
  constructor(private readonly log: AccessLog) {
    super();
  }

  protected override examples(): string[] {
    return [
      'ground-truth access-log --limit 20',
      `ground-truth access-log --json | jq -r 'select(.outcome == "complete").who'`,
    ];
  }

  @Option({ flags: '--limit <n>', description: 'how many exports to list, 1 to 100000 (default: 100)' })
  limit(text: string): string {
    return text;
  }

  @Option({
    flags: '--json',
    description: 'print JSON Lines; outcome is null if an export is running or died (default: a table)',
  })
  json(): boolean {
    return true;
  }

  async run(_: string[], { json, ...flags }: Flags): Promise<void> {
    const { limit } = readFlags(this, AccessLogFlags, flags);
    const exports = await this.log.list(limit);
    await print(
      json === true
        ? exports.map((logged) => `${JSON.stringify(logged)}\n`).join('')
        : tableText([HEADER, ...exports.map(toRow)]),
    );
  }
}

const HEADER = ['BEGAN', 'WHO', 'VIA', 'OUTCOME', 'SAMPLES', 'BYTES', 'FILTER'];

function toRow({ began_at, who, via, filter, outcome, samples, bytes }: LoggedExport): string[] {
  return [
    toTheSecond(began_at),
    who,
    via,
    outcome ?? 'running or died',
    samples === null ? '-' : inGroups(samples),
    bytes === null ? '-' : inGroups(bytes),
    Object.entries(filter)
      .map(([name, value]) => `${name}=${String(value)}`)
      .join(' '),
  ];
}
