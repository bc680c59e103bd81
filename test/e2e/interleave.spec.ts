import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { runCommand } from '../setup/command.js';
import { linesOf, readPlainBundled } from '../setup/corpus.js';

describe('ground-truth interleave', () => {
  let folder: string;
  const run = (args: string[], input = '') => runCommand(['interleave', ...args], { cwd: folder, input });
  const write = (name: string, content: string | Buffer) => {
    writeFileSync(path.join(folder, name), content);
  };

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'ground-truth-interleave-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('makes a corpus of its parts, from files, compressed ones and standard input', async () => {
    const corpus = await readPlainBundled();
    const [a = '', b = '', c = ''] = [0, 1, 2].map((part) =>
      linesOf(corpus)
        .filter((_, n) => n % 3 === part)
        .map((line) => `${line}\n`)
        .join(''),
    );
    write('a.jsonl', a);
    write('b.jsonl.gz', gzipSync(b));
    const written = await run(['a.jsonl', '-', 'b.jsonl.gz', '--out', 'corpus.jsonl'], c);
    expect(written).toMatchObject({
      code: 0,
      stderr: '300 samples of 3 corpora written to corpus.jsonl\n',
    });
    expect(readFileSync(path.join(folder, 'corpus.jsonl'), 'utf8')).toBe(corpus);

    const twice = await run(['a.jsonl', 'corpus.jsonl', '--out', 'twice.jsonl']);
    expect(twice.code).toBe(1);
    expect(twice.stderr).toMatch(
      /^ground-truth: job \S+ is there more than once: line \d+ of (a|corpus)\.jsonl, line /,
    );
    expect(readdirSync(folder).sort()).toEqual(['a.jsonl', 'b.jsonl.gz', 'corpus.jsonl']);
    expect((await run(['-', '-'])).code).toBe(2);
    expect((await run([])).code).toBe(2);
  });
});
