import { IsIn } from 'class-validator';
import { Command, Option } from 'nest-commander';
import { Env } from '../../platform/config/env.js';
import { BooleanParameter, CountParameter } from '../../platform/parameters/parameters.js';
import { Failure } from '../../platform/terminal/failure.js';
import { openCorpus } from '../../corpus-files/commands/open-corpus.js';
import { Interruption } from '../../platform/terminal/interruption.js';
import { inGroups, printNote } from '../../platform/terminal/print.js';
import { Progress } from '../../platform/terminal/progress.js';
import { readFlags } from '../../platform/terminal/read-flags.js';
import { type Flags, refuseToWrite, TerminalCommand } from '../../platform/terminal/terminal-command.js';
import { ContentsRepository } from '../evidence/contents.repository.js';
import { SourceFolder } from '../import/source-folder.js';
import { BadInputError } from '../import/bad-input.js';
import { faultLines } from '../import/fault-lines.js';
import { type Imported, ImportService } from '../import/import.service.js';
import { type OnConflict } from '../import/staging.repository.js';
import { counted } from '../../platform/counted.js';
import { sweep } from './sweep.js';

/** Flags of `import`. */
export class ImportOptionsDto {
  @IsIn(['fail', 'skip', 'replace'], {
    message: ({ value }: { value: unknown }) => `${JSON.stringify(value)} is not fail, skip or replace`,
  })
  readonly on_conflict: OnConflict = 'fail';

  @BooleanParameter()
  readonly accept_diverged: boolean = false;

  @BooleanParameter()
  readonly accept_oversize: boolean = false;

  @CountParameter(1, Number.MAX_SAFE_INTEGER)
  readonly commit_every?: number;

  @CountParameter(1, Number.MAX_SAFE_INTEGER)
  readonly from_line?: number;
}

@Command({
  name: 'import',
  arguments: '<file>',
  argsDescription: {
    file: 'corpus or pipeline output (filename, source_kind, result), one JSON object a line: a file, decompressed if it is compressed; a folder with the parts of a corpus; - is standard input',
  },
  description:
    'Import a corpus or pipeline output into the database, all lines or none; with --commit-every, so many at a time',
})
export class ImportCommand extends TerminalCommand {
  constructor(
    private readonly imports: ImportService,
    private readonly contents: ContentsRepository,
    private readonly interruption: Interruption,
    private readonly env: Env,
  ) {
    super();
  }

  protected override examples(): string[] {
    return [
      'ground-truth import corpus.jsonl',
      'ground-truth import corpus.jsonl.gz --on-conflict replace',
      'pipeline | ground-truth import -',
      'ground-truth import large.jsonl.gz --commit-every 10000',
      'ground-truth import large.jsonl.gz --commit-every 10000 --from-line 340001',
    ];
  }

  @Option({
    flags: '--on-conflict <what>',
    name: 'on_conflict',
    description:
      'if a job is already in the database: fail, skip the line, or replace the job and its trail (default: fail)',
  })
  onConflict(text: string): string {
    return text;
  }

  @Option({
    flags: '--commit-every <n>',
    name: 'commit_every',
    description:
      'commit after every n lines, so that others can write in between; after a failure, what was committed stays, and the message says how to go on; every line needs a job_id or an external_id (default: one transaction)',
  })
  commitEvery(text: string): string {
    return text;
  }

  @Option({
    flags: '--from-line <n>',
    name: 'from_line',
    description: 'leave out the lines before this one, without looking at them (default: 1)',
  })
  fromLine(text: string): string {
    return text;
  }

  @Option({
    flags: '--accept-diverged',
    name: 'accept_diverged',
    description: 'also import samples whose trail does not lead back to their initial_result (default: no)',
  })
  acceptDiverged(): string {
    return 'true';
  }

  @Option({
    flags: '--accept-oversize',
    name: 'accept_oversize',
    description:
      'also import names, reasons, paths and jobs that are longer than what is accepted now; an older version may have exported them (default: no)',
  })
  acceptOversize(): string {
    return 'true';
  }

  @Option({
    flags: '--sources <folder>',
    description:
      'the folder with the contents of sources: those that lines name by file, and those that an export has written (default: none)',
  })
  sources(text: string): string {
    return text;
  }

  async run([file = '']: string[], { sources: given, ...flags }: Flags): Promise<void> {
    const { on_conflict, accept_diverged, accept_oversize, commit_every, from_line } = readFlags(
      this,
      ImportOptionsDto,
      flags,
    );
    if (file === '') this.refuse(['file: "" is not a file name; use a file name or -']);
    const sources = typeof given === 'string' ? given : undefined;
    if (sources === '') this.refuse(['--sources: "" is not the name of a folder']);
    refuseToWrite('import', this.env);
    const folder =
      sources === undefined ? undefined : await SourceFolder.open(sources, this.env.maxSourceBytes);
    if (folder === undefined && sources !== undefined)
      throw new Failure(`cannot read the folder ${sources}; --sources names one that exists`);
    const input = await openCorpus(file, this.interruption.signal);
    const progress = new Progress('Importing');
    progress.start(input.size === undefined ? undefined : { bytes: input.size });
    let stored: number | undefined;
    try {
      const imported = await this.imports.import(input.blocks, {
        onConflict: on_conflict,
        acceptDiverged: accept_diverged,
        acceptOversize: accept_oversize,
        commitEvery: commit_every,
        fromLine: from_line,
        onCommit: (line) => {
          stored = line;
        },
        ...(folder && { sources: folder }),
        signal: this.interruption.signal,
        onProgress: (lines, bytes) => {
          progress.update(lines, bytes);
        },
      });
      progress.stop();
      printNote(summary(imported));
      await sweep(this.contents);
    } catch (error) {
      progress.stop();
      const done =
        stored === undefined
          ? 'nothing was imported'
          : `lines ${from_line ?? 1} to ${stored} were imported, and stay`;
      const next = stored === undefined ? '' : `--commit-every ${commit_every!} --from-line ${stored + 1}`;
      if (error instanceof BadInputError)
        throw new Failure(
          [
            ...faultLines(error),
            next === '' ? done : `${done}; correct the others, and go on with ${next}`,
          ].join('\n'),
        );
      if (next !== '') printNote(`${done}; go on with ${next}${on_conflict === 'fail' ? PERHAPS_MORE : ''}`);
      throw error;
    } finally {
      progress.stop();
    }
  }
}

function summary({ inserted, corrections, replaced, skipped, diverged, ahead }: Imported): string {
  const parts = [`${counted(inserted, 'job')} imported`];
  if (replaced > 0) parts.push(`${inGroups(replaced)} of them replaced existing jobs`);
  if (skipped > 0) parts.push(`${inGroups(skipped)} skipped because they already exist`);
  parts.push(counted(corrections, 'correction'));
  if (diverged > 0) parts.push(`${counted(diverged, 'diverged sample')} accepted`);
  if (ahead > 0)
    parts.push(
      `warning: ${counted(ahead, 'job has', 'jobs have')} a created_at that is more than a day ahead of the clock`,
    );
  return parts.join(', ');
}

/** The answer to a commit may be lost, and the jobs of its lines are there then. */
const PERHAPS_MORE = ', and with --on-conflict skip if it then says that jobs are already in the database';
