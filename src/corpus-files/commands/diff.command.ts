import { Command, Option } from 'nest-commander';
import { ExitCode } from '../../platform/terminal/failure.js';
import { Interruption } from '../../platform/terminal/interruption.js';
import { print } from '../../platform/terminal/print.js';
import { type Flags, TerminalCommand } from '../../platform/terminal/terminal-command.js';
import { diffCorpora, type Difference } from '../diff.js';
import { CORPUS, openCorpus } from './open-corpus.js';
import { diffJson, diffMarkdown, diffText } from './diff-text.js';

@Command({
  name: 'diff',
  arguments: '<before> <after>',
  argsDescription: {
    before: CORPUS,
    after: 'the corpus to compare with it',
  },
  description:
    'Compare two corpus files: samples added, removed and changed, and which values; needs no database',
})
export class DiffCommand extends TerminalCommand {
  constructor(private readonly interruption: Interruption) {
    super();
  }

  protected override examples(): string[] {
    return [
      'ground-truth diff corpus-1.jsonl corpus-2.jsonl',
      'ground-truth diff corpus-1.jsonl.gz corpus-2.jsonl --markdown > pull-request.md',
      "ground-truth diff corpus-1.jsonl corpus-2.jsonl --json | jq '.fields[0]'",
    ];
  }

  @Option({ flags: '--json', description: 'print one JSON object (default: tables)' })
  json(): boolean {
    return true;
  }

  @Option({ flags: '--markdown', description: 'print Markdown, as for a pull request (default: tables)' })
  markdown(): boolean {
    return true;
  }

  @Option({
    flags: '--exit-code',
    name: 'exit_code',
    description: 'exit with 3 if the corpora differ (default: with 0)',
  })
  exitCode(): boolean {
    return true;
  }

  async run([before = '', after = '']: string[], { json, markdown, exit_code }: Flags): Promise<void> {
    if (before === '-' && after === '-') this.refuse(['after: standard input is the first corpus already']);
    if (json === true && markdown === true)
      this.refuse(['--json: --markdown is given already; use one of them']);
    const { signal } = this.interruption;
    const difference = await diffCorpora(
      { name: before, blocks: contentOf(before, signal) },
      { name: after, blocks: contentOf(after, signal) },
    );
    const write = json === true ? diffJson : markdown === true ? diffMarkdown : diffText;
    await print(write(difference, { before, after }));
    if (exit_code === true && isDifferent(difference)) process.exitCode = ExitCode.NotSound;
  }
}

/** Opened when it is read, so that nothing stays open if the other one cannot be. */
async function* contentOf(file: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  yield* (await openCorpus(file, signal)).blocks;
}

function isDifferent({ changed, added, removed, moved }: Difference): boolean {
  return changed + added + removed + moved > 0;
}
