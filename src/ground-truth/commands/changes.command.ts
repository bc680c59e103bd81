import { readFile } from 'node:fs/promises';
import { Command, Option } from 'nest-commander';
import { Env } from '../../platform/config/env.js';
import { isAbsent } from '../../platform/files/system-error.js';
import { Failure, systemReason } from '../../platform/terminal/failure.js';
import { Interruption } from '../../platform/terminal/interruption.js';
import { writeTextFile } from '../../platform/terminal/text-file.js';
import { printNote } from '../../platform/terminal/print.js';
import { OUT } from '../../platform/terminal/options.js';
import { readFlags } from '../../platform/terminal/read-flags.js';
import { type Flags, refuseToWrite, TerminalCommand } from '../../platform/terminal/terminal-command.js';
import { counted } from '../../platform/counted.js';
import { FeedFlagsDto } from '../feed-query.js';
import { type Feed, FeedService } from '../feed.service.js';
import { RecordedExportService } from '../recorded-export.service.js';
import { HAS_CORRECTIONS, INCLUDE } from './filtering-command.js';
import { userName } from './user-name.js';
import { writeRecorded } from './write-recorded.js';

@Command({
  name: 'changes',
  description:
    'Write what has changed since a cursor: each job once, erasures included, and last the next cursor (JSON Lines)',
})
export class ChangesCommand extends TerminalCommand {
  constructor(
    private readonly feed: FeedService,
    private readonly exports: RecordedExportService,
    private readonly interruption: Interruption,
    private readonly env: Env,
  ) {
    super();
  }

  protected override examples(): string[] {
    return [
      'ground-truth changes --state cursor.txt --out changes.jsonl',
      'ground-truth merge corpus.jsonl changes.jsonl --out corpus.jsonl',
      'ground-truth changes --reset',
    ];
  }

  @Option(OUT)
  out(text: string): string {
    return text;
  }

  @Option({ flags: '--cursor <cursor>', description: 'where to go on (default: begin with everything)' })
  cursor(text: string): string {
    return text;
  }

  @Option({
    flags: '--state <file>',
    description:
      'a file with the cursor, replaced by the next one when the output is complete; if there is none, begin with everything (default: none)',
  })
  state(text: string): string {
    return text;
  }

  @Option({
    flags: '--approved-only <boolean>',
    name: 'approved_only',
    description:
      'true: only approved samples; one that is reopened is removed; false: all samples (default: true)',
  })
  approvedOnly(text: string): string {
    return text;
  }

  @Option(HAS_CORRECTIONS)
  hasCorrections(text: string): string {
    return text;
  }

  @Option(INCLUDE)
  include(text: string): string {
    return text;
  }

  @Option({ flags: '--limit <n>', description: 'at most this many changes (default: all)' })
  limit(text: string): string {
    return text;
  }

  @Option({
    flags: '--reset',
    description:
      'after a restore: expire all cursors, so that every reader begins again; needs the role that owns the tables (default: no)',
  })
  reset(): boolean {
    return true;
  }

  async run(_: string[], { out, state, reset, ...flags }: Flags): Promise<void> {
    if (reset === true) {
      if (state !== undefined || Object.keys(flags).length > 0 || out !== undefined)
        this.refuse(['--reset: takes no other flags']);
      refuseToWrite('changes --reset', this.env);
      await this.feed.reset();
      printNote('all cursors have expired; readers begin again, with an empty store');
      return;
    }
    const query = readFlags(this, FeedFlagsDto, flags);
    const stateFile = typeof state === 'string' ? state : undefined;
    const target = this.targetOf(out);
    if (stateFile === '') this.refuse(['--state: "" is not a file name']);
    if (stateFile !== undefined && query.cursor !== undefined)
      this.refuse(['--cursor: is in the file that --state names; use one of them']);
    const cursor = stateFile === undefined ? query.cursor : await readState(stateFile);
    await this.write(Object.assign(query, cursor === undefined ? {} : { cursor }), target, stateFile);
  }

  private async write(query: FeedFlagsDto, target: string, stateFile: string | undefined): Promise<void> {
    const { signal } = this.interruption;
    const feed = await this.feed.open(query, { signal });
    try {
      const recorded = await this.exports.record(
        { who: userName(), via: 'cli' },
        Object.assign({ feed: true }, query),
        feed,
      );
      const { isComplete, kind } = (await writeRecorded(recorded, target, signal)).written;
      if (!isComplete) return;
      if (stateFile !== undefined) await writeTextFile(stateFile, `${feed.cursor}\n`);
      if (kind === 'file') printNote(summary(feed, target));
    } finally {
      feed.close();
    }
  }
}

function summary({ changes, waiting }: Feed, target: string): string {
  const held =
    waiting === null
      ? ''
      : `; an open transaction holds back changes since ${counted(Math.ceil(waiting), 'second')}`;
  return `${counted(changes, 'change')} written to ${target}${held}`;
}

async function readState(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'latin1')).trim();
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw new Failure(`${file} cannot be read: ${systemReason(error) ?? 'error'}`);
  }
}
