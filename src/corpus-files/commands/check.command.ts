import { Command, Option } from 'nest-commander';
import { faultLines } from '../../corpus/import/fault-lines.js';
import { ExitCode } from '../../platform/terminal/failure.js';
import { Interruption } from '../../platform/terminal/interruption.js';
import { inGroups, print, tableText } from '../../platform/terminal/print.js';
import { Progress } from '../../platform/terminal/progress.js';
import { type Flags, TerminalCommand } from '../../platform/terminal/terminal-command.js';
import { ReplayService } from '../../replay/replay.service.js';
import { checkCorpus, type Checked } from '../check.js';
import { type Described, differencesFrom, readManifest } from '../manifest.js';
import { verified } from '../parts.js';
import { CORPUS, openCorpus } from './open-corpus.js';

@Command({
  name: 'check',
  arguments: '<corpus>',
  argsDescription: { corpus: CORPUS },
  description: 'Check a corpus file: well-formed, ordered, no job twice, trails replay; needs no database',
})
export class CheckCommand extends TerminalCommand {
  constructor(
    private readonly replay: ReplayService,
    private readonly interruption: Interruption,
  ) {
    super();
  }

  protected override examples(): string[] {
    return [
      'ground-truth export --out corpus.jsonl --manifest corpus.manifest.json',
      'ground-truth check corpus.jsonl --manifest corpus.manifest.json',
    ];
  }

  @Option({
    flags: '--manifest <file>',
    description:
      'what the export said of the corpus: with it, also check that the corpus is whole and unaltered (default: none)',
  })
  manifest(text: string): string {
    return text;
  }

  @Option({
    flags: '--accept-diverged',
    name: 'accept_diverged',
    description:
      'samples that say that they have diverged are sound if replaying says the same (default: no)',
  })
  acceptDiverged(): boolean {
    return true;
  }

  async run([corpus = '']: string[], { manifest, accept_diverged }: Flags): Promise<void> {
    if (manifest === '') this.refuse(['--manifest: "" is not a file name']);
    const given = typeof manifest === 'string' ? await readManifest(manifest) : undefined;
    const { expected, checked } = await this.check(corpus, given, accept_diverged === true);
    const faults = [
      ...(checked.faults ? faultLines(checked.faults) : []),
      ...(checked.damage === undefined ? [] : [checked.damage]),
      ...(expected ? differencesFrom(expected, checked) : []),
    ];
    const verdict = faults.length > 0 ? 'not sound' : expected ? WHOLE : SOUND;
    await print([...faults, ...(faults.length > 0 ? [''] : []), figures(checked), verdict, ''].join('\n'));
    if (faults.length > 0) process.exitCode = ExitCode.NotSound;
  }

  private async check(
    corpus: string,
    given: Described | undefined,
    acceptDiverged: boolean,
  ): Promise<{ expected: Described | undefined; checked: Checked }> {
    const { blocks, size, manifest } = await openCorpus(corpus, this.interruption.signal);
    // Parts that were put together are what the manifest of the folder says, too.
    const lines = given?.parts ? verified(blocks, given.parts, corpus) : blocks;
    const progress = new Progress('Checking');
    progress.start(size === undefined ? undefined : { bytes: size });
    try {
      const checked = await checkCorpus(lines, corpus, this.replay, {
        acceptDiverged,
        onProgress: (samples, bytes) => {
          progress.update(samples, bytes);
        },
      });
      return { expected: given ?? manifest, checked };
    } finally {
      progress.stop();
    }
  }
}

const WHOLE = 'sound, whole and unaltered: it is what the manifest says';
const SOUND =
  'sound; whether lines are missing cannot be told without the manifest that ground-truth export --manifest writes';

function figures({ samples, diverged, bytes, sha256, first_created_at, last_created_at }: Checked): string {
  return tableText([
    ['samples', inGroups(samples)],
    ['diverged', inGroups(diverged)],
    ['bytes', inGroups(bytes)],
    ['sha256', sha256],
    ['first created_at', first_created_at ?? 'none'],
    ['last created_at', last_created_at ?? 'none'],
  ]);
}
