import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Imported, type ImportOptions, ImportService } from '../../src/corpus/import/import.service.js';
import { SourceFolder } from '../../src/corpus/import/source-folder.js';
import { StagingRepository } from '../../src/corpus/import/staging.repository.js';
import { JobsRepository } from '../../src/corpus/jobs.repository.js';
import { Job } from '../../src/platform/database/entities/job.entity.js';
import { type GroundTruthDataSource } from '../../src/platform/database/ground-truth-data-source.js';
import { type CorpusFilter } from '../../src/ground-truth/corpus-filter.js';
import { ExportService } from '../../src/ground-truth/export.service.js';
import { GroundTruthRepository } from '../../src/ground-truth/ground-truth.repository.js';
import { ReplayService } from '../../src/replay/replay.service.js';
import { VerifyService } from '../../src/ground-truth/verify.service.js';
import { Threads } from '../../src/platform/threads.js';
import { type TestDatabase } from './database.js';
import { MARKER } from './log-watch.js';

/** A parsed line of a corpus. Numbers may have lost digits. */
export interface ParsedSample {
  job_id: string;
  initial_result: unknown;
  final_result: unknown;
  corrections: { field_path: string; op?: string; old_value: unknown; new_value: unknown }[];
  diverged?: { correction: number; reason: string };
  [key: string]: unknown;
}

export function exportService(dataSource: GroundTruthDataSource): ExportService {
  return new ExportService(new GroundTruthRepository(dataSource), new ReplayService(), new Threads());
}

export function verifyService(dataSource: GroundTruthDataSource): VerifyService {
  return new VerifyService(new GroundTruthRepository(dataSource), new ReplayService());
}

export function jobsIn(dataSource: GroundTruthDataSource): JobsRepository {
  return new JobsRepository(dataSource, dataSource.getRepository(Job));
}

/** Exports a corpus as text; by default all jobs. */
export async function exportText(
  dataSource: GroundTruthDataSource,
  filter: Partial<CorpusFilter> = {},
): Promise<string> {
  const blocks: Buffer[] = [];
  for await (const block of exportService(dataSource).export({ approved_only: false, ...filter }))
    blocks.push(block);
  return Buffer.concat(blocks).toString();
}

export async function exportSamples(
  dataSource: GroundTruthDataSource,
  filter: Partial<CorpusFilter> = {},
): Promise<ParsedSample[]> {
  return parseLines(await exportText(dataSource, filter));
}

export function parseLines(corpus: string): ParsedSample[] {
  return linesOf(corpus).map((line) => JSON.parse(line) as ParsedSample);
}

export function linesOf(corpus: string): string[] {
  return corpus.split('\n').slice(0, -1);
}

export function importText(
  dataSource: GroundTruthDataSource,
  input: string | Buffer,
  options: Partial<ImportOptions> = {},
): Promise<Imported> {
  const service = new ImportService(new StagingRepository(dataSource), new ReplayService(), new Threads());
  return service.import(inPieces(Buffer.from(input as string)), {
    onConflict: 'fail',
    acceptDiverged: false,
    ...options,
  });
}

export const BUNDLED = path.resolve(__dirname, '../../samples');

/** The bundled corpus, as an export with `include=all` writes it. */
export function readBundled(): Promise<string> {
  return readFile(path.join(BUNDLED, 'surat-perintah.jsonl'), 'utf8');
}

/** The bundled corpus without further members. */
export async function readPlainBundled(): Promise<string> {
  return (await readBundled()).replace(/,"external_id":.*\}$/gm, '}');
}

/** Imports the bundled corpus as the demonstration does. */
export async function importBundled(dataSource: GroundTruthDataSource): Promise<void> {
  const sources = await SourceFolder.open(path.join(BUNDLED, 'contents'), 1e8);
  await importText(dataSource, await readBundled(), { sources: sources! });
}

async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer> {
  const size = 64 * 1024;
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

/** Inserts approved jobs with results of about `size` characters; by default more than pipes and sockets can buffer. */
export async function insertLargeJobs(database: TestDatabase, count = 1_500, size = 20_000): Promise<void> {
  await database.query(
    `insert into jobs (filename, source_kind, result, approved, created_at)
     select '${MARKER}' || n, 'pdf', json_build_object('text', '${MARKER}' || repeat('x', $2)), true, '2025-01-01Z'
     from generate_series(1, $1::int) as n`,
    [count, size],
  );
}

/** A line in the sample schema. `json` has the JSON text of members, which is not changed. */
export function sampleLine(
  overrides: Record<string, unknown> = {},
  json: Record<string, string> = {},
): string {
  const fields: Record<string, unknown> = {
    job_id: '0197a1b2-0000-7000-8000-000000000001',
    filename: `${MARKER}.pdf`,
    source_kind: 'pdf',
    approved: false,
    reviewed_by: null,
    reviewed_at: null,
    created_at: '2025-06-01T10:15:00Z',
    initial_result: null,
    final_result: null,
    corrections: [],
    review_flags: [],
    confidence: null,
    ...overrides,
  };
  const members = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${JSON.stringify(key)}:${json[key] ?? JSON.stringify(value)}`);
  return `{${members.join(',')}}\n`;
}
