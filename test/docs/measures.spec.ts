import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCommand } from '../setup/command.js';

const ROOT = path.resolve(__dirname, '../..');
const DOCUMENT = readFileSync(path.join(ROOT, 'docs/measures.md'), 'utf8');

/** The blocks of a language below a heading, without the lines that begin and end them. */
function blocksOf(heading: string, language: string): string[] {
  const section = DOCUMENT.slice(DOCUMENT.indexOf(`\n### ${heading}\n`)).split(/\n### /)[1] ?? '';
  return [...section.matchAll(/^```([a-z]+)\n([\s\S]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , text]) => text!);
}

/** The words of a command in a shell, without its name. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!).slice(2);
}

const hasJq = spawnSync('jq', ['--version']).status === 0;
const itWithJq = hasJq ? it : it.skip;
if (!hasJq) console.warn('The example of docs/measures.md needs jq, and is not run.');

describe('docs/measures.md', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'measures-'));
    symlinkSync(path.join(ROOT, 'samples'), path.join(folder, 'samples'));
    if (!hasJq) return;
    const [makePredictions] = blocksOf('An example', 'sh')[0]!.split('\n');
    execFileSync('sh', ['-c', makePredictions!], { cwd: folder });
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const run = (command: string) => runCommand(wordsOf(command), { cwd: folder });

  itWithJq('shows what its example prints', async () => {
    const [, evaluate] = blocksOf('An example', 'sh')[0]!.split('\n');
    const { code, stdout, stderr } = await run(evaluate!);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(blocksOf('An example', 'text')).toEqual([stdout.toString()]);
  });

  itWithJq('has a gate that the example passes', async () => {
    const [gate] = blocksOf('As a gate', 'sh')[0]!.split('\n');
    expect(await run(gate!)).toMatchObject({ code: 0, stderr: '' });
  });
});
