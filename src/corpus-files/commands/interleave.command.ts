import { Command, Option } from 'nest-commander';
import { counted } from '../../platform/counted.js';
import { openCorpus } from './open-corpus.js';
import { Interruption } from '../../platform/terminal/interruption.js';
import { OUT } from '../../platform/terminal/options.js';
import { writeOutput } from '../../platform/terminal/output.js';
import { printNote } from '../../platform/terminal/print.js';
import { Progress } from '../../platform/terminal/progress.js';
import { type Flags, TerminalCommand } from '../../platform/terminal/terminal-command.js';
import { interleave, type NamedCorpus } from '../interleave.js';

@Command({
  name: 'interleave',
  arguments: '<corpora...>',
  argsDescription: {
    corpora:
      'corpora without a job in common, each a file, decompressed if it is compressed, or a folder with its parts; one of them may be -',
  },
  description: 'Make one corpus of several, in the order of an export; needs no database',
})
export class InterleaveCommand extends TerminalCommand {
  constructor(private readonly interruption: Interruption) {
    super();
  }

  protected override examples(): string[] {
    return ['ground-truth interleave worker-1.jsonl.gz worker-2.jsonl.gz --out corpus.jsonl.gz'];
  }

  @Option(OUT)
  out(text: string): string {
    return text;
  }

  async run(files: string[], { out }: Flags): Promise<void> {
    if (files.filter((file) => file === '-').length > 1)
      this.refuse(['corpora: standard input can be only one of them']);
    const target = this.targetOf(out);
    const { signal } = this.interruption;
    const corpora: NamedCorpus[] = [];
    for (const name of files) corpora.push({ name, blocks: (await openCorpus(name, signal)).blocks });
    const progress = new Progress('Interleaving');
    let samples = 0;
    progress.start();
    try {
      const blocks = interleave(corpora, (lines, bytes) => {
        samples = lines;
        progress.update(lines, bytes);
      });
      const written = await writeOutput(target, blocks, signal);
      progress.stop();
      if (written.kind === 'file')
        printNote(
          `${counted(samples, 'sample')} of ${counted(files.length, 'corpus', 'corpora')} written to ${target}`,
        );
    } finally {
      progress.stop();
    }
  }
}
