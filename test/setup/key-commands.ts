import { runShell } from './cli.js';
import { runCommand } from './command.js';

/** What `api-key create` prints. */
export const SECRET = /^gt_[A-Za-z0-9_-]{43}\n$/;

/** Checks that `api-key create` with these flags creates no key if the secret cannot be printed. */
export async function expectNoKeyUnshown(settings: NodeJS.ProcessEnv, ...flags: string[]): Promise<void> {
  for (const flag of flags) {
    const create = `$CLI api-key create --name unshown --scope admin${flag}`;
    for (const [line, why] of [
      [`${create} > /dev/full`, 'standard output cannot be written: no space is left on the device'],
      [`{ ${create}; echo "exit $?" >&2; } | true`, 'standard output is closed'],
    ] as const) {
      const { stderr, code } = await runShell(line, { env: settings });
      expect(stderr + (line.endsWith('true') ? '' : `exit ${code}\n`)).toBe(
        `ground-truth: ${why}; no key was created, because its secret could not be shown\nexit 1\n`,
      );
    }
  }
  const list = await runCommand(['api-key', 'list', '--json'], { env: settings });
  expect(list.stdout.toString()).not.toContain('unshown');
  const again = await runCommand(['api-key', 'create', '--name', 'unshown', '--scope', 'admin'], {
    env: settings,
  });
  expect(again.stdout.toString()).toMatch(SECRET);
}
