import { spawnSync } from 'node:child_process';
import { runCommand } from '../setup/command.js';

const script = async (shell: string) => (await runCommand(['completion', shell])).stdout.toString();

/** A shell that this machine may lack. */
function itWith(shell: string, name: string, run: () => Promise<void>): void {
  const has = spawnSync(shell, ['--version']).status === 0;
  if (!has) console.warn(`The completion of ${shell} is not tried, because there is none.`);
  (has ? it : it.skip)(name, run);
}

/** What bash, or zsh in its manner, offers for the last word. */
function offered(shell: string, text: string, words: string[]): string[] {
  const call = `COMP_WORDS=(ground-truth ${words.map((word) => `'${word}'`).join(' ')})
    COMP_CWORD=${words.length}
    COMPREPLY=(); _ground_truth; printf '%s\n' "\${COMPREPLY[@]}"`;
  // As bashcompinit calls a function.
  const inZsh = `emulate -L sh; setopt ksharrays\n${call}`;
  const { stdout, stderr } = spawnSync(
    shell,
    ['-c', `${text}\n${shell === 'zsh' ? `() {\n${inZsh}\n}` : call}`],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  const names = stdout.split('\n').filter((line) => line !== '');
  // zsh itself leaves out what does not begin like the word.
  return shell === 'zsh' ? names.filter((name) => name.startsWith(words.at(-1)!)) : names;
}

const CASES: [string[], string[]][] = [
  [['ex'], ['export']],
  [
    ['api-key', ''],
    ['create', 'list', 'revoke'],
  ],
  [['api-key', 'create', '--s'], ['--scope']],
  [['export', '--approved-only', 'true', '--ou'], ['--out']],
  // The names of files are left to the shell.
  [['export', '--out', ''], []],
  [['import', ''], []],
  [['--v'], ['--version']],
];

describe('ground-truth completion', () => {
  for (const shell of ['bash', 'zsh'])
    itWith(shell, `${shell} completes commands and flags`, async () => {
      const text = await script(shell);
      for (const [words, expected] of CASES)
        expect([words, offered(shell, text, words)]).toEqual([words, expected]);
    });

  itWith('fish', 'fish completes commands and flags', async () => {
    const text = await script('fish');
    for (const [words, expected] of CASES.filter(([, names]) => names.length > 0)) {
      const { stdout } = spawnSync('fish', ['-c', `${text}\ncomplete -C 'ground-truth ${words.join(' ')}'`], {
        encoding: 'utf8',
      });
      const names = stdout.split('\n').map((line) => line.split('\t')[0]);
      expect([words, names.filter((name) => name !== '')]).toEqual([words, expected]);
    }
  });

  it('refuses other shells', async () => {
    expect(await runCommand(['completion', 'tcsh'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("no completion for 'tcsh'; accepted are bash, zsh, fish") as string,
    });
  });
});
