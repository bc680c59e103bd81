import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runShell } from '../setup/cli.js';
import { exportSamples, importBundled } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { type LocalServer, startLocalServer } from '../setup/local-server.js';

const ROOT = path.resolve(__dirname, '../..');

const hasTools = ['curl', 'jq'].every((tool) => spawnSync(tool, ['--version']).status === 0);
if (!hasTools) console.warn('The commands of docs/review-api.md need curl and jq, and are not run.');

describe('docs/review-api.md', () => {
  let database: TestDatabase;
  let server: LocalServer;
  let folder: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    await importBundled(database.dataSource);
    server = await startLocalServer({ DATABASE_URL: database.url });
    folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-review-api-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
    await server.stop();
    await database.drop();
  });

  (hasTools ? it : it.skip)('has commands that work on a demo as they stand, in their order', async () => {
    const page = await readFile(path.join(ROOT, 'docs/review-api.md'), 'utf8');
    const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text]) => text!);
    // Any refused request ends the script.
    const strict = `set -e\ncurl() { command curl --fail "$@"; }\n`;
    const script = strict + blocks.join('\necho\n').replaceAll('http://127.0.0.1:3000', server.url);
    const run = await runShell(script, { cwd: folder });
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(blocks.length).toBeGreaterThan(6);
    const job = (await exportSamples(database.dataSource, { approved_only: false })).find(
      ({ filename }) => filename === 'sprint-0123.pdf',
    );
    const corrections = job!.corrections as { field_path: string; reason?: string | null }[];
    expect(corrections.map(({ field_path }) => field_path)).toEqual([
      'personel[0].nrp',
      'header.perihal',
      'personel[1]',
      'personel[0].nama',
      'personel[0].nama',
    ]);
    expect(corrections.at(-1)!.reason).toBe('typo');
  });
});
