import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCli } from '../setup/cli.js';
import { runCommand } from '../setup/command.js';
import { exportText, readPlainBundled, sampleLine } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';

let database: TestDatabase;
let env: NodeJS.ProcessEnv;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  env = { DATABASE_URL: database.url };
  folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-import-'));
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

it('20 processes that export while another imports get all of it or nothing of it', async () => {
  const corpus = await readPlainBundled();
  const samples = path.join(folder, 'samples.jsonl');
  await writeFile(samples, corpus);
  const first = sampleLine();
  await runCommand(['import', '-'], { env, input: first });
  const target = (n: number) => path.join(folder, `${n}.jsonl`);
  const exports = Array.from({ length: 20 }, (_, n) =>
    runCli(['export', '--approved-only', 'false', '--out', target(n)], { env }),
  );
  const runs = await Promise.all([runCli(['import', samples], { env }), ...exports]);
  expect(runs.map(({ code }) => code)).toEqual(runs.map(() => 0));
  const after = await exportText(database.dataSource);
  expect(after).toHaveLength(corpus.length + first.length);
  for (let n = 0; n < 20; n++) expect([first, after]).toContain(await readFile(target(n), 'utf8'));
});
