import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { readMembers } from '../../src/json-text/index.js';
import { type JudgedEvaluation } from '../../src/measure/evaluate-query.js';
import { apiOf, kindOf } from '../setup/api.js';
import { runCommand } from '../setup/command.js';
import { exportText, importText, linesOf, readPlainBundled, sampleLine } from '../setup/corpus.js';
import { type TestDatabase } from '../setup/database.js';
import { MARKER } from '../setup/log-watch.js';
import { createOwnDatabase } from '../setup/own-database.js';
import { startServer, type TestServer } from '../setup/server.js';

let database: TestDatabase;
let server: TestServer;
let folder: string;
/** The number of approved samples. */
let count: number;
/** Their final results, as predictions. */
let perfect: string;
/** What the pipeline said, as predictions. */
let pipeline: string;
const call = apiOf(() => server);
const file = (name: string, text: string | Buffer) => {
  writeFileSync(path.join(folder, name), text);
  return path.join(folder, name);
};
const run = (...args: string[]) => runCommand(['evaluate', ...args], { env: { DATABASE_URL: database.url } });
const post = (query: string, body: string, type = 'application/x-ndjson') =>
  call('POST', `/ground-truth/evaluations?${query}`, { body, headers: { 'content-type': type } });
/** A line of predictions, with the text of the sample. */
function predictionOf(sample: Buffer, name: 'final_result' | 'initial_result'): string {
  const textOf = (key: string) =>
    readMembers(sample)!
      .find((member) => member.key === key)!
      .value.toString();
  return `{"job_id":${textOf('job_id')},"result":${textOf(name)}}\n`;
}
const parse = (text: Buffer | string) => JSON.parse(text.toString()) as JudgedEvaluation;

beforeAll(async () => {
  database = await createOwnDatabase();
  server = await startServer({ DATABASE_URL: database.url });
  const some = linesOf(await readPlainBundled())
    .slice(0, 60)
    .map((line) => `${line}\n`);
  await importText(database.dataSource, some.join(''));
  const samples = linesOf(await exportText(database.dataSource, { approved_only: true })).map((line) =>
    Buffer.from(line),
  );
  count = samples.length;
  const lines = (result: 'final_result' | 'initial_result') =>
    samples.map((sample) => predictionOf(sample, result));
  perfect = lines('final_result').reverse().join('');
  pipeline = lines('initial_result').join('');
});
afterAll(async () => {
  expect(await server.stop()).toMatchObject({ code: 0, signal: null });
  await database.drop();
});
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'evaluate-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('evaluate --dataset', () => {
  it.each<[flags: string[]]>([[[]], [['--field', 'personel[*]']]])(
    'scores by one split: needs its predictions, and takes no others: %j',
    async (flags) => {
      const dataset = path.join(folder, 'sft');
      const env = { DATABASE_URL: database.url };
      const made = await runCommand(
        ['dataset', '--out', dataset, '--split', 'train=0.6,test=0.4', ...flags],
        { env },
      );
      expect(made).toMatchObject({ code: 0 });
      const jobs = linesOf(readFileSync(path.join(dataset, 'jobs.jsonl'), 'utf8')).map(
        (line) => JSON.parse(line) as { split: string; job_id: string },
      );
      const inTest = new Set(jobs.filter(({ split }) => split === 'test').map(({ job_id }) => job_id));
      expect(inTest.size).toBeGreaterThan(0);
      const own = linesOf(perfect).filter((line) =>
        inTest.has((JSON.parse(line) as { job_id: string }).job_id),
      );
      const predictions = file('test.jsonl', `${own.join('\n')}\n`);
      const { code, stdout, stderr } = await run(predictions, '--dataset', dataset, '--json');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(parse(stdout)).toMatchObject({
        documents: inTest.size,
        missing: 0,
        scores: { f1: { value: 1 } },
      });
      // Documents of train are no test.
      const all = await run(file('all.jsonl', perfect), '--dataset', dataset, '--split', 'test');
      expect(all).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('score them by the corpus') as string,
      });
      const other = await run(predictions, '--dataset', dataset, '--split', 'validation');
      expect(other).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('no row is in validation; there are rows in ') as string,
      });
      // A corpus that lacks documents of the split would give a score of less than the split.
      const first = file(
        'first.jsonl',
        `${linesOf(await exportText(database.dataSource, { limit: 1 })).join('\n')}\n`,
      );
      const less = await run(predictions, '--dataset', dataset, '--corpus', first);
      expect(less).toMatchObject({ code: 3, stderr: expect.stringContaining('of the split') as string });
      expect(await run(predictions, '--split', 'test')).toMatchObject({ code: 2 });
    },
  );
});

describe('evaluate', () => {
  it('scores predictions in any order by the database', async () => {
    const { code, stdout, stderr } = await run(file('p.jsonl', perfect), '--json', '--worst', '5');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { documents, missing, scores, worst } = parse(stdout);
    expect({ documents, missing, worst }).toEqual({ documents: count, missing: 0, worst: [] });
    expect(scores.exact).toMatchObject({ value: 1, high: 1 });
    expect(scores.exact.low).toBeGreaterThan(0.9);
    expect(scores.cer).toMatchObject({ value: 0 });
    expect(scores.f1.difference_low).toBeGreaterThan(0);
  });

  it('says that the pipeline is as good as itself', async () => {
    const { stdout } = await run(file('p.jsonl', pipeline), '--json');
    const { scores } = parse(stdout);
    for (const name of ['exact', 'anls', 'f1', 'macro_f1', 'aligned', 'cer', 'wer'] as const)
      expect(scores[name]).toMatchObject({ value: scores[name].pipeline, difference: 0 });
  });

  it('scores by a corpus file as by the database, and as over HTTP', async () => {
    const corpus = file('c.jsonl.gz', gzipSync(await exportText(database.dataSource)));
    const predictions = file('p.jsonl', pipeline);
    const [byFile, byDatabase] = await Promise.all([
      run(predictions, '--corpus', corpus, '--json', '--worst', '3'),
      run(predictions, '--json', '--worst', '3'),
    ]);
    expect(byFile).toMatchObject({ code: 0, stderr: '' });
    expect(parse(byFile.stdout).worst).toHaveLength(3);
    expect(byFile.stdout.toString()).toBe(byDatabase.stdout.toString());
    const { status, headers, text } = await post('worst=3', pipeline);
    expect({ status, type: headers.get('content-type') }).toEqual({ status: 200, type: 'application/json' });
    expect(text).toBe(byDatabase.stdout.toString());
  });

  it('prints tables for a terminal and in Markdown', async () => {
    const predictions = file('p.jsonl', pipeline);
    const { stdout } = await run(predictions, '--worst', '2');
    expect(stdout.toString()).toMatch(/^\d+ documents, \d+ predictions\n\nAll documents\nscore +prediction/);
    expect(stdout.toString()).toMatch(/^personel\[\*\]\.nrp +[\d,]+ +0\.\d{4} +0\.\d{4} to 0\.\d{4}/m);
    expect(stdout.toString()).toMatch(/Documents to look at\n.*\n([0-9a-f-]{36} .*\n){2}$/);
    const { stdout: markdown } = await run(predictions, '--markdown');
    expect(markdown.toString()).toMatch(/^\| personel\\\[\\\*\\\]\.nrp \| [\d,]+ \| 0\.\d{4} \|/m);
  });

  it('takes documents without a prediction for wrong, and says how many', async () => {
    const some = perfect.match(/.*\n/g)!.slice(10).join('');
    const { code, stdout, stderr } = await run(file('p.jsonl', some), '--json', '--worst', '1');
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: '10 documents have no prediction and count as wrong\n',
    });
    expect(parse(stdout)).toMatchObject({
      documents: count,
      predictions: count - 10,
      missing: 10,
      worst: [{ has_prediction: false, f1: 0 }],
    });
  });

  it.each([
    ['f1=0.5', 'value', 0, ''],
    ['f1=0.999', 'value', 3, /^f1 is 0\.9\d+, below 0\.999\n$/],
    [
      'personel[*].nrp:f1=0.93,no.such:f1=0.1',
      'lower',
      3,
      /^personel\[\*\]\.nrp:f1 is .*\nno\.such:f1: there is nothing to score\n$/,
    ],
  ])('judges by --fail-under %s --bound %s', async (thresholds, bound, expected, said) => {
    const given = ['--fail-under', thresholds, '--bound', bound];
    const { code, stderr } = await run(file('p.jsonl', pipeline), ...given);
    expect(code).toBe(expected);
    expect(stderr).toMatch(said);
  });

  it('applies the filters of exports', async () => {
    const { code } = await run(file('p.jsonl', perfect), '--source-kind', 'pdf');
    expect(code).toBe(3);
    const pdfs = linesOf(await exportText(database.dataSource, { approved_only: true, source_kind: 'pdf' }));
    const only = pdfs.map((line) => predictionOf(Buffer.from(line), 'final_result'));
    const { stdout: filtered } = await run(file('q.jsonl', only.join('')), '--source-kind', 'pdf', '--json');
    expect(parse(filtered)).toMatchObject({ documents: only.length, scores: { exact: { value: 1 } } });
  });
});

describe('what is no score', () => {
  const other = `{"job_id":"0197a1b2-0000-7000-8000-000000000001","result":{"a":"${MARKER}"}}\n`;

  it.each([
    ['no predictions', '', /there are no predictions/],
    [
      'predictions of other documents',
      other,
      /1 of 1 prediction is of documents that are not among.*0197a1b2-0000/,
    ],
  ])('%s: exit code 3, and 422', async (_, predictions, said) => {
    const { code, stdout, stderr } = await run(file('p.jsonl', predictions), '--json');
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(said);
    expect(stderr).not.toContain(MARKER);
    const answer = await post('', predictions);
    expect({ status: answer.status, kind: kindOf(answer) }).toEqual({
      status: 422,
      kind: 'nothing-to-score',
    });
    expect(answer.text).toMatch(said);
  });

  it('one prediction too many: its score would be of another corpus', async () => {
    const { code, stderr } = await run(file('p.jsonl', perfect + other));
    expect(code).toBe(3);
    expect(stderr).toMatch(/^ground-truth: 1 of \d+ predictions is of documents that are not among/);
  });

  it('a corpus without approved samples', async () => {
    const corpus = file('c.jsonl', sampleLine({ approved: false }));
    const { code, stderr } = await run(file('p.jsonl', other), '--corpus', corpus);
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: `ground-truth: ${corpus} has no approved samples to score predictions by\n`,
    });
  });
});

describe('bad input', () => {
  const bad = `{"job_id":"1","result":"${MARKER}"}\n{"result":1}\n{"job_id":"0197a1b2-0000-7000-8000-000000000001"}\n{"a"\n`;

  it('is named by line, without its content', async () => {
    const { code, stderr } = await run(file('p.jsonl', bad));
    expect(code).toBe(1);
    expect(stderr.split('\n').slice(0, -1)).toEqual([
      'ground-truth: line 1: job_id is not a UUID',
      'ground-truth: line 2: job_id is missing',
      'ground-truth: line 3: result is missing',
      expect.stringMatching(/^ground-truth: line 4 is not JSON: /),
    ]);
    expect(stderr).not.toContain(MARKER);
    const answer = await post('', bad);
    expect({ status: answer.status, kind: kindOf(answer) }).toEqual({ status: 400, kind: 'invalid-body' });
    expect(answer.text).not.toContain(MARKER);
  });

  it('is a job twice', async () => {
    const line = perfect.slice(0, perfect.indexOf('\n') + 1);
    const { code, stderr } = await run(file('p.jsonl', line + line));
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'ground-truth: line 2: job_id is that of an earlier line\n',
    });
  });

  it('is a corpus that is cut off', async () => {
    const corpus = file('c.jsonl', (await exportText(database.dataSource)).slice(0, -10));
    const { code, stderr } = await run(file('p.jsonl', perfect), '--corpus', corpus);
    expect(code).toBe(1);
    expect(stderr).toMatch(/has no end: the file is not whole\n$/);
  });

  it.each([
    [['p.jsonl', '--numbers', 'exact'], /--numbers: "exact" is not value or text/],
    [['p.jsonl', '--fail-under', 'cer=0.1'], /--fail-under: "cer=0.1" is not SCORE=NUMBER or/],
    [['p.jsonl', '--corpus', 'c.jsonl', '--flag', 'x'], /--corpus: .* leave out --flag/],
    [['p.jsonl', '--json', '--markdown'], /--json and --markdown: give one of them/],
    [['-', '--corpus', '-'], /standard input has the predictions already/],
  ])('is wrong usage: %j', async (args, said) => {
    const { code, stderr } = await run(...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(said);
  });

  it('is a body of another type, or another parameter', async () => {
    expect((await post('', '[]', 'application/json')).status).toBe(415);
    expect((await post('approved_only=false', perfect)).status).toBe(400);
  });

  it('leaves no files behind, nor does a client that leaves', async () => {
    const env = { DATABASE_URL: database.url, TMPDIR: path.join(folder, 'temporary') };
    mkdirSync(env.TMPDIR);
    const predictions = [file('p.jsonl', perfect), file('q.jsonl', bad), file('r.jsonl', '')];
    for (const name of predictions) await runCommand(['evaluate', name], { env });
    const other = await startServer(env);
    const answer = (body: string) =>
      fetch(`${other.url}/api/v1/ground-truth/evaluations`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/x-ndjson' },
      });
    expect([(await answer(pipeline)).status, (await answer(bad)).status]).toEqual([200, 400]);
    const left = () => readdirSync(env.TMPDIR).filter((name) => name.startsWith('ground-truth-evaluation-'));
    const leaving = request(`${other.url}/api/v1/ground-truth/evaluations`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
    });
    leaving.on('error', () => undefined);
    leaving.write(pipeline.slice(0, 1_000));
    while (left().length === 0) await sleep(20);
    leaving.destroy();
    while (left().length > 0) await sleep(20);
    expect(await other.stop()).toMatchObject({ code: 0 });
    expect(readdirSync(env.TMPDIR).filter((name) => name.startsWith('ground-truth-'))).toEqual([]);
  });
});
