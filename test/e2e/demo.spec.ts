import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { runCli, runShell } from '../setup/cli.js';
import { runCommand } from '../setup/command.js';
import { linesOf } from '../setup/corpus.js';
import { startServer } from '../setup/server.js';

const ROOT = path.resolve(__dirname, '../..');

describe('ground-truth demo', () => {
  let folder: string;
  /** By the demonstration, when it ran last. */
  let said: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-demo-'));
    // As root the server runs as another user, who has to get there, or its data would go elsewhere.
    await chmod(folder, 0o755);
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it('writes a valid corpus, when run twice too, from a database of its own, and says what to do next', async () => {
    const validate = new Ajv2020({ strict: true }).compile(
      JSON.parse(await readFile(path.join(ROOT, 'docs/ground-truth-sample.schema.json'), 'utf8')) as object,
    );
    const bundled = linesOf(await readFile(path.join(ROOT, 'samples/surat-perintah.jsonl'), 'utf8'));
    const nowhere = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' };
    for (const [way, env, unset] of [
      [runCli, nowhere, 'DATABASE_URL= '],
      [runCommand, {}, ''],
    ] as const) {
      const run = await way(['demo'], { cwd: folder, env });
      expect([unset, run.code, run.stderr]).toEqual([unset, 0, '']);
      const lines = linesOf(await readFile(path.join(folder, 'corpus.jsonl'), 'utf8'));
      expect(lines).toEqual(bundled.filter((line) => line.includes('"approved":true,')));
      for (const line of lines) expect([validate(JSON.parse(line)), validate.errors]).toEqual([true, null]);
      said = run.stdout.toString();
      expect(said).toMatch(new RegExp(`^ *${unset}GROUND_TRUTH_DATA_DIR=\\S+ npx ground-truth serve`, 'm'));
    }
  });

  it('prints a command that serves that database', async () => {
    const [, dataDir] = /GROUND_TRUTH_DATA_DIR=(\S+) npx ground-truth serve/.exec(said) ?? [];
    const server = await startServer({ GROUND_TRUTH_DATA_DIR: dataDir });
    const cli = await runCommand(['export', '--approved-only', 'false'], {
      env: { GROUND_TRUTH_DATA_DIR: dataDir },
    });
    const response = await fetch(`${server.url}/api/v1/ground-truth/export?approved_only=false`);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.equals(await readFile(path.join(ROOT, 'samples/surat-perintah.jsonl')))).toBe(true);
    expect(cli.stdout.equals(bytes)).toBe(true);
    await server.stop();
    const alone = await runCli(['export', '--approved-only', 'false'], {
      env: { GROUND_TRUTH_DATA_DIR: dataDir },
    });
    expect(alone.stdout.equals(bytes)).toBe(true);
  });

  it('leaves no process behind', async () => {
    const { stdout } = await runShell(`ps -A -o args | grep -F '${folder}' | grep -v grep || true`);
    expect(stdout.toString()).toBe('');
  });
});
