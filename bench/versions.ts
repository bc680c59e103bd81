import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { type Measurement, secondsOfEach, secondsSince } from './measurement.js';
import { ask, runProgram, type Server } from './program.js';
import { type Context } from './scenarios.js';

const FEED = '/ground-truth/changes?approved_only=false';

/** Follows the feed: the first page, then all pages, and then polls that find nothing new. */
export async function changes(server: Server, { jobs }: Context): Promise<Measurement[]> {
  const firstBytes = await secondsOfEach(10, async () => {
    const page = await ask(server, `${FEED}&limit=10000`);
    await once(page, 'data');
    page.destroy();
  });
  const { cursor, ...all } = await readAll(server);
  if (all.samples !== jobs) throw new Error(`the feed gave ${all.samples} changes of ${jobs} jobs`);
  const agent = new Agent({ keepAlive: true });
  const poll = async (headers: Record<string, string>) => {
    const answer = await ask(server, `${FEED}&cursor=${cursor}`, { headers, agent });
    await text(answer);
    return answer;
  };
  const tag = (await poll({})).headers.etag!;
  const polls = await secondsOfEach(50, async () => {
    const { statusCode } = await poll({ 'if-none-match': tag });
    if (statusCode !== 304) throw new Error(`the answer to a poll was ${String(statusCode)}`);
  });
  agent.destroy();
  return [
    { name: 'changes: first byte of 10,000', seconds: firstBytes },
    { name: 'changes: all', ...all },
    { name: 'changes: nothing new', seconds: polls },
  ];
}

/** Reads the feed from its beginning to its end, in pages of 100,000. */
async function readAll(server: Server) {
  const start = performance.now();
  const rssBefore = server.memory()?.now;
  let [cursor, bytes, samples] = ['', 0, 0];
  for (let more = true; more;) {
    const page = await ask(server, `${FEED}&limit=100000${cursor && `&cursor=${cursor}`}`);
    let tail = Buffer.alloc(0);
    for await (const block of page as AsyncIterable<Buffer>) {
      bytes += block.length;
      for (let at = block.indexOf('\n'); at !== -1; at = block.indexOf('\n', at + 1)) samples++;
      tail = Buffer.concat([tail, block]).subarray(-1_000);
    }
    // The last line is the cursor.
    samples--;
    ({ cursor, more } = JSON.parse(tail.toString().trimEnd().split('\n').at(-1)!) as {
      cursor: string;
      more: boolean;
    });
  }
  const seconds = [secondsSince(start)];
  return { cursor, seconds, bytes, samples, rssBefore, peakRss: server.memory()?.peak };
}

const CHANGES = 1_000;

/** Works on corpora as files, which for comparison are also copied. */
export async function corpusFiles({ programEnv, folder, jobs }: Context): Promise<Measurement[]> {
  const file = (name: string) => path.join(folder, name);
  const names = ['corpus.jsonl', 'manifest.json', 'changes.jsonl', 'copy.jsonl', 'merged.jsonl'].map(file);
  const [corpus, manifest, changed, copy, merged] = names as [string, string, string, string, string];
  const run = async (...args: string[]): Promise<Measurement> => {
    const { seconds, peakRss } = await runProgram(programEnv, args);
    return { name: args[0]!, seconds: [seconds], peakRss };
  };
  const copyBy = async (name: string, command: string): Promise<Measurement> => {
    const start = performance.now();
    await once(spawn('sh', ['-c', command, corpus, copy], { stdio: 'inherit' }), 'close');
    const seconds = [secondsSince(start)];
    await rm(copy);
    return { name, seconds };
  };
  try {
    await run('export', '--approved-only', 'false', '--out', corpus, '--manifest', manifest);
    await writeChanges(corpus, changed, Math.max(1, Math.floor(jobs / CHANGES)));
    return [
      await copyBy('cat', 'cat "$0" > "$1"'),
      await copyBy('cat and sync', 'cat "$0" > "$1" && sync "$1"'),
      await run('merge', corpus, changed, '--out', merged),
      await run('check', corpus, '--manifest', manifest),
      await run('diff', corpus, merged),
    ];
  } finally {
    for (const each of names) await rm(each, { force: true });
  }
}

/** Changes of one sample in `every`, as the feed gives them. */
async function writeChanges(corpus: string, target: string, every: number): Promise<void> {
  const lines: string[] = [];
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(corpus) })) {
    if (number++ % every !== 0) continue;
    const id = line.slice('{"job_id":"'.length, '{"job_id":"'.length + 36);
    const sample = line.replace('"source_kind":"', '"source_kind":"changed ');
    lines.push(`{"op":"upsert","job_id":"${id}","sample":${sample}}\n`);
  }
  lines.push('{"op":"cursor","cursor":"x","more":false,"waiting":null}\n');
  await writeFile(target, lines.join(''));
}
