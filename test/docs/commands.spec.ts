import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type CliRun, runShell } from '../setup/cli.js';
import { cloneDatabase } from '../setup/database.js';
import { type LocalServer, startLocalServer } from '../setup/local-server.js';

const ROOT = path.resolve(__dirname, '../..');

/** Blocks of commands that are not run, by how they begin; each has a reason. */
const NOT_RUN: Record<string, string[]> = {
  'docs/operations.md': [
    // They need a server of the reader's; test/docs/operations.spec.ts and test/e2e/external.spec.ts try the same on another.
    ...['createuser ', 'export DATABASE_URL=postgres://ground_truth_reader@', 'pg_dump ', '(echo '],
    // They change the machine; test/docs/shipping.spec.ts and .ci/check-production.cjs try what they start.
    ...['docker ', 'export DATABASE_URL=postgres://ground_truth_app@', '(umask '],
    ...['useradd ', 'systemctl ', 'systemd-run '],
    // They take minutes.
    ...['npm run soak', 'npm run kills'],
  ],
};

const tools = ['curl', 'jq', 'python3', 'zcat'];
const missing = tools.filter((tool) => spawnSync(tool, ['--version']).status !== 0);
if (missing.length > 0)
  console.warn(`The commands of the documents need ${missing.join(', ')}, and are not run.`);
const itWithTools = missing.length === 0 ? it : it.skip;

/**
 * What stands for the tools of a checkout in a folder that has only its documents. Any answer above 399 ends the script, as any
 * other failure does.
 */
const PRELUDE = `
set -e
npm() {
  case "$*" in
    ci) ;;
    'run demo') $CLI demo ;;
    *) return 1 ;;
  esac
}
npx() {
  [ "$1" = ground-truth ] || return 1
  shift
  # The server runs already.
  [ "$1" = serve ] || $CLI "$@"
}
curl() { command curl --silent --show-error --fail "$@"; }
`;

describe('the commands of the documents, in their order, on a fresh demo', () => {
  let folder: string;
  let empty: Awaited<ReturnType<typeof cloneDatabase>>;
  let server: LocalServer | undefined;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'ground-truth-commands-'));
    // As root the embedded server runs as another user, who has to get there.
    chmodSync(folder, 0o755);
    symlinkSync(path.join(ROOT, 'docs'), path.join(folder, 'docs'));
    empty = await cloneDatabase('template0');
  });
  afterAll(async () => {
    await server?.stop();
    await empty.drop();
    rmSync(folder, { recursive: true });
  });

  const inDemo = () => ({ GROUND_TRUTH_DATA_DIR: path.join(folder, '.ground-truth-demo') });

  async function run(blocks: string[], env: NodeJS.ProcessEnv = {}): Promise<CliRun> {
    const script = [PRELUDE, ...blocks]
      .join('\n')
      .replaceAll(/http:\/\/(?:localhost|127\.0\.0\.1):3000/g, server?.url ?? '')
      .replaceAll('postgres://user@host:5432/database', empty.url)
      .replaceAll('/srv/ground-truth', ROOT)
      .replaceAll('/srv/corpora', folder);
    return runShell(script, { cwd: folder, env });
  }

  itWithTools('README.md', async () => {
    const [demo, ...others] = blocksOf('README.md');
    const first = await run([demo!]);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    server = await startLocalServer(inDemo());
    const { code, stdout, stderr } = await run(others);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout.toString()).toMatch(/jobs +210$/m);
    expect(stderr).toMatch(/^2 jobs imported, 0 corrections$/m);
  });

  itWithTools('docs/scale.md', async () => {
    const { code, stderr } = await run(blocksOf('docs/scale.md'), inDemo());
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toMatch(/^\d+ changes written to changes\.jsonl$/m);
    expect(stderr).toMatch(/^\d+ samples of 2 corpora written to whole\.jsonl$/m);
    const whole = await run(['npx ground-truth export --approved-only false'], inDemo());
    expect(readFileSync(path.join(folder, 'whole.jsonl'), 'utf8')).toBe(whole.stdout.toString());
  });

  itWithTools('docs/training.md', async () => {
    const { code, stderr } = await run(blocksOf('docs/training.md'));
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^\d+ rows written to sft: train [1-9]/m) as string,
    });
  });

  itWithTools('docs/operations.md', async () => {
    const job =
      '{"job_id":"01972a3c-5f00-7c3e-9b1a-2f64a0c1d2e3","filename":"a.pdf","source_kind":"pdf","result":{}}';
    // A script ends by `exit`.
    const blocks = blocksOf('docs/operations.md').map((block) =>
      block.startsWith('#!') ? `(${block})` : block,
    );
    const { code, stdout, stderr } = await run([`echo '${job}' | $CLI import -`, ...blocks], inDemo());
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout.toString()).toMatch(/^review-tool /m);
    expect(stderr).toMatch(/^erased job 01972a3c-5f00-7c3e-9b1a-2f64a0c1d2e3 /m);
  });
});

/** Fails where a block that is not to be run is not there. */
function blocksOf(document: string): string[] {
  const text = readFileSync(path.join(ROOT, document), 'utf8');
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block!);
  const beginnings = NOT_RUN[document] ?? [];
  expect(beginnings.filter((start) => !blocks.some((block) => block.startsWith(start)))).toEqual([]);
  return blocks.filter((block) => !beginnings.some((start) => block.startsWith(start)));
}
