import { Command } from 'nest-commander';
import { Env } from '../../platform/config/env.js';
import { Failure } from '../../platform/terminal/failure.js';
import { printNote } from '../../platform/terminal/print.js';
import { refuseToWrite, TerminalCommand } from '../../platform/terminal/terminal-command.js';
import { JobsRepository } from '../jobs.repository.js';
import { UUID } from '../../platform/parameters/uuid.js';

@Command({
  name: 'erase',
  arguments: '<job_id>',
  argsDescription: { job_id: 'the job to erase, a UUID' },
  description: 'Delete a job and its trail permanently',
})
export class EraseCommand extends TerminalCommand {
  constructor(
    private readonly jobs: JobsRepository,
    private readonly env: Env,
  ) {
    super();
  }

  protected override examples(): string[] {
    return ['ground-truth erase 01972a3c-5f00-7c3e-9b1a-2f64a0c1d2e3'];
  }

  async run([jobId = '']: string[]): Promise<void> {
    if (!UUID.test(jobId)) {
      this.refuse([
        `job_id: ${JSON.stringify(jobId)} is not a UUID such as 01972a3c-5f00-7c3e-9b1a-2f64a0c1d2e3`,
      ]);
    }
    refuseToWrite('erase', this.env);
    const corrections = await this.jobs.erase(jobId);
    if (corrections === undefined) throw new Failure(`there is no job ${jobId}; nothing was erased`);
    printNote(
      `erased job ${jobId} and its trail of ${corrections} ${corrections === 1 ? 'correction' : 'corrections'}`,
    );
  }
}
