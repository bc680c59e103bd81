import { Readable } from 'node:stream';
import { Command, Option } from 'nest-commander';
import { ExitCode } from '../../platform/terminal/failure.js';
import { Interruption } from '../../platform/terminal/interruption.js';
import { STANDARD_OUTPUT, writeOutput } from '../../platform/terminal/output.js';
import { Progress } from '../../platform/terminal/progress.js';
import { type Flags, TerminalCommand } from '../../platform/terminal/terminal-command.js';
import { type Verification, VerifyService } from '../verify.service.js';
import { verificationText } from './report-text.js';

@Command({
  name: 'verify',
  description:
    'Replay every job, and list those whose trail does not lead back to the pipeline output; and check contents of sources',
})
export class VerifyCommand extends TerminalCommand {
  constructor(
    private readonly verifier: VerifyService,
    private readonly interruption: Interruption,
  ) {
    super();
  }

  protected override examples(): string[] {
    return ['ground-truth verify', "ground-truth verify --json | jq -r '.unsound[].job_id'"];
  }

  @Option({ flags: '--json', description: 'print one JSON object (default: lines and a table)' })
  json(): boolean {
    return true;
  }

  async run(_: string[], { json }: Flags): Promise<void> {
    const { signal } = this.interruption;
    const verification = await this.verify(signal);
    const text = json === true ? `${JSON.stringify(verification)}\n` : verificationText(verification);
    await writeOutput(STANDARD_OUTPUT, Readable.from([Buffer.from(text)]), signal);
    if (verification.exact < verification.jobs || verification.contents_differ > 0)
      process.exitCode = ExitCode.NotSound;
  }

  private async verify(signal: AbortSignal): Promise<Verification> {
    if (!Progress.isShown) return this.verifier.verify({ signal });
    const progress = new Progress('Verifying');
    try {
      return await this.verifier.verify({
        signal,
        onProgress: ({ jobs, bytes, total }) => {
          progress.start({ samples: total });
          progress.update(jobs, bytes);
        },
      });
    } finally {
      progress.stop();
    }
  }
}
