import { Command, Option } from 'nest-commander';
import { openInput } from '../../platform/terminal/input.js';
import { Interruption } from '../../platform/terminal/interruption.js';
import { writeOutput } from '../../platform/terminal/output.js';
import { printNote } from '../../platform/terminal/print.js';
import { OUT } from '../../platform/terminal/options.js';
import { type Flags, TerminalCommand } from '../../platform/terminal/terminal-command.js';
import { counted } from '../../platform/counted.js';
import { Changes } from '../changes-file.js';
import { mergeChanges } from '../merge.js';
import { CORPUS, openCorpus } from './open-corpus.js';

@Command({
  name: 'merge',
  arguments: '<corpus> <changes>',
  argsDescription: {
    corpus: CORPUS,
    changes:
      'what changed since: answers of the feed with the same filters, one after the other; decompressed likewise',
  },
  description: 'Apply changes to a corpus file; needs no database',
})
export class MergeCommand extends TerminalCommand {
  constructor(private readonly interruption: Interruption) {
    super();
  }

  protected override examples(): string[] {
    return [
      'ground-truth changes --state cursor.txt --out changes.jsonl',
      'ground-truth merge corpus.jsonl changes.jsonl --out corpus.jsonl',
    ];
  }

  @Option(OUT)
  out(text: string): string {
    return text;
  }

  async run([corpus = '', changed = '']: string[], { out }: Flags): Promise<void> {
    if (corpus === '-' && changed === '-') this.refuse(['changes: standard input is the corpus already']);
    const target = this.targetOf(out);
    const { signal } = this.interruption;
    const changes = await Changes.read((await openInput(changed, signal)).blocks, changed);
    try {
      const input = await openCorpus(corpus, signal, { reuse: true });
      const written = await writeOutput(target, mergeChanges(input.blocks, corpus, changes), signal, {
        reused: true,
      });
      if (written.kind === 'file')
        printNote(`${counted(changes.count, 'change')} applied, written to ${target}`);
    } finally {
      changes.close();
    }
  }
}
