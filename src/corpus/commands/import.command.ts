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
import { BadInputError } from '../import/bad-input.js';
import { type Imported, ImportService } from '../import/import.service.js';
import { type OnConflict } from '../import/staging.repository.js';

/** How to import. */
export class ImportOptionsDto {
  @IsIn(['fail', 'skip', 'replace'], {
    message: ({ value }: { value: unknown }) => `${JSON.stringify(value)} is not fail, skip or replace`,
  })
  readonly on_conflict: OnConflict = 'fail';

  @BooleanParameter()
  readonly accept_diverged: boolean = false;
}

@Command({
  name: 'import',
  arguments: '<file>',
  argsDescription: {
    file: 'corpus lines, or lines of a pipeline with filename, source_kind and result; compressed if it ends in .gz; - is standard input',
  },
  description: 'Bring corpus lines into the database: all of them, or none',
})
export class ImportCommand extends TerminalCommand {
  constructor(
    private readonly imports: ImportService,
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
      'a job that is in the database already: fail, skip it, or replace it with its trail (default: fail)',
  })
  onConflict(text: string): string {
    return text;
  }

  @Option({
    flags: '--accept-diverged',
    name: 'accept_diverged',
    description: 'take samples too whose trail does not lead back to their initial_result (default: no)',
  })
  acceptDiverged(): string {
    return 'true';
  }

  async run([file = '']: string[], flags: Flags): Promise<void> {
    const { on_conflict, accept_diverged } = this.readFlags(ImportOptionsDto, flags);
    if (file === '') this.refuse(['file: "" is not the name of a file; accepted are a file and -']);
    refuseToWrite('import', this.env);
    const input = await openInput(file, this.interruption.signal);
    const progress = new Progress('Importing');
    progress.start(input.size === undefined ? undefined : { bytes: input.size });
    try {
      const imported = await this.imports.import(input.blocks, {
        onConflict: on_conflict,
        acceptDiverged: accept_diverged,
        signal: this.interruption.signal,
        onProgress: (lines, bytes) => {
          progress.update(lines, bytes);
        },
      });
      progress.stop();
      printNote(summary(imported));
    } catch (error) {
      throw error instanceof BadInputError ? toFailure(error) : error;
    } finally {
      progress.stop();
    }
  }
}

function summary({ inserted, corrections, replaced, skipped, diverged }: Imported): string {
  const parts = [`${inGroups(inserted)} ${inserted === 1 ? 'job' : 'jobs'} imported`];
  if (replaced > 0) parts.push(`${inGroups(replaced)} of them in place of others`);
  if (skipped > 0) parts.push(`${inGroups(skipped)} skipped that were there already`);
  parts.push(`${inGroups(corrections)} ${corrections === 1 ? 'correction' : 'corrections'}`);
  if (diverged > 0) parts.push(`${inGroups(diverged)} diverged samples accepted`);
  return parts.join(', ');
}

function toFailure({ faults, count }: BadInputError): Failure {
  const lines = faults.map(
    ({ line, field, reason }) => `line ${line}: ${field === '' ? '' : `${field} `}${reason}`,
  );
  const more = count - faults.length;
  if (more > 0) lines.push(`and ${inGroups(more)} faults more`);
  return new Failure([...lines, 'nothing was imported'].join('\n'));
}
