import { Command, Option } from 'nest-commander';
import { Env } from '../../platform/config/env.js';
import { Failure } from '../../platform/terminal/failure.js';
import { Interruption } from '../../platform/terminal/interruption.js';
import { printNote } from '../../platform/terminal/print.js';
import { type Flags, refuseToWrite, TerminalCommand } from '../../platform/terminal/terminal-command.js';
import { ContentsRepository } from '../evidence/contents.repository.js';
import { JobsRepository } from '../jobs.repository.js';
import { ScrubRepository } from '../scrub.repository.js';
import { UUID } from '../../platform/uuid.js';
import { counted } from '../../platform/counted.js';
import { sweep } from './sweep.js';

const REMAINS = 'see "Erasing a document" in docs/operations.md';

@Command({
  name: 'erase',
  arguments: '[job_id]',
  argsDescription: { job_id: 'the job to erase, a UUID; with --scrub it may be left out' },
  description: 'Delete a job and its trail permanently',
})
export class EraseCommand extends TerminalCommand {
  constructor(
    private readonly jobs: JobsRepository,
    private readonly scrubbing: ScrubRepository,
    private readonly interruption: Interruption,
    private readonly env: Env,
    private readonly contents: ContentsRepository,
  ) {
    super();
  }

  protected override examples(): string[] {
    return [
      'ground-truth erase 01972a3c-5f00-7c3e-9b1a-2f64a0c1d2e3',
      'ground-truth erase 01972a3c-5f00-7c3e-9b1a-2f64a0c1d2e3 --scrub',
      'ground-truth erase --scrub',
    ];
  }

  @Option({
    flags: '--scrub',
    description:
      'also remove from the files of the embedded database what this and earlier erasures left in them (default: no)',
  })
  scrub(): boolean {
    return true;
  }

  async run([jobId]: string[], { scrub }: Flags): Promise<void> {
    if (jobId === undefined && scrub !== true)
      this.refuse(['job_id: is missing; name the job to erase, or use --scrub for what was erased before']);
    if (jobId !== undefined && !UUID.test(jobId))
      this.refuse([
        `job_id: ${JSON.stringify(jobId)} is not a UUID such as 01972a3c-5f00-7c3e-9b1a-2f64a0c1d2e3`,
      ]);
    if (scrub === true && this.env.DATABASE_URL !== undefined)
      this.refuse([
        `--scrub: only the embedded database can be scrubbed, and DATABASE_URL is set; nothing was erased; for your own server ${REMAINS}`,
      ]);
    refuseToWrite('erase', this.env);
    if (jobId !== undefined) await this.erase(jobId);
    await sweep(this.contents);
    if (scrub === true) await this.scrubFiles();
    else printNote(this.whatRemains());
  }

  private async erase(jobId: string): Promise<void> {
    const corrections = await this.jobs.erase(jobId);
    if (corrections === undefined) throw new Failure(`there is no job ${jobId}; nothing was erased`);
    printNote(`erased job ${jobId} and its trail of ${counted(corrections, 'correction')}`);
  }

  private async scrubFiles(): Promise<void> {
    const kept = await this.scrubbing.scrub(printNote, this.interruption.signal);
    if (kept > 0)
      throw new Failure(
        `PostgreSQL keeps ${counted(kept, 'old file')} of its write-ahead log, which may hold what was erased: take archive_mode, wal_keep_size and replication slots out of its settings, and repeat: ground-truth erase --scrub`,
      );
    printNote(`nothing that was erased is left in the files of the database; for backups, ${REMAINS}`);
  }

  private whatRemains(): string {
    const remedy = this.env.DATABASE_URL === undefined ? 'run: ground-truth erase --scrub; ' : '';
    return `parts of it may remain in freed space of the database, its write-ahead log and backups; ${remedy}${REMAINS}`;
  }
}
