import { IsIn } from 'class-validator';
import { Command, Option } from 'nest-commander';
import { Env } from '../../platform/config/env.js';
import { BooleanParameter } from '../../platform/parameters/parameters.js';
import { Failure } from '../../platform/terminal/failure.js';
import { openInput } from '../../platform/terminal/input.js';
import { Interruption } from '../../platform/terminal/interruption.js';
import { inGroups, printNote } from '../../platform/terminal/print.js';
import { Progress } from '../../platform/terminal/progress.js';
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
}

@Command({
  name: 'import',
  arguments: '<file>',
  argsDescription: {
    file: 'corpus or pipeline output (filename, source_kind, result), one JSON object a line; decompressed if it is a gzip file; - is standard input',
  },
  description: 'Import a corpus or pipeline output into the database, all lines or none',
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
    const { on_conflict, accept_diverged, accept_oversize } = this.readFlags(ImportOptionsDto, flags);
    if (file === '') this.refuse(['file: "" is not a file name; use a file name or -']);
    const sources = typeof given === 'string' ? given : undefined;
    if (sources === '') this.refuse(['--sources: "" is not the name of a folder']);
    refuseToWrite('import', this.env);
    const folder =
      sources === undefined ? undefined : await SourceFolder.open(sources, this.env.maxSourceBytes);
    if (folder === undefined && sources !== undefined)
      throw new Failure(`cannot read the folder ${sources}; --sources names one that exists`);
    const input = await openInput(file, this.interruption.signal);
    const progress = new Progress('Importing');
    progress.start(input.size === undefined ? undefined : { bytes: input.size });
    try {
      const imported = await this.imports.import(input.blocks, {
        onConflict: on_conflict,
        acceptDiverged: accept_diverged,
        acceptOversize: accept_oversize,
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
      throw error instanceof BadInputError ? toFailure(error) : error;
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

function toFailure(error: BadInputError): Failure {
  return new Failure([...faultLines(error), 'nothing was imported'].join('\n'));
}
