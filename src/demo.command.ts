import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'nest-commander';
import { Env } from './platform/config/env.js';
import { packageFile } from './platform/package-file.js';
import { ImportService } from './corpus/import/import.service.js';
import { SourceFolder } from './corpus/import/source-folder.js';
import { GroundTruthDataSource } from './platform/database/ground-truth-data-source.js';
import { statisticsText } from './ground-truth/commands/report-text.js';
import { Threads } from './platform/threads.js';
import { StagingRepository } from './corpus/import/staging.repository.js';
import { GroundTruthRepository } from './ground-truth/ground-truth.repository.js';
import { ReplayService } from './replay/replay.service.js';
import { ExportService } from './ground-truth/export.service.js';
import { Interruption } from './platform/terminal/interruption.js';
import { writeOutput } from './platform/terminal/output.js';
import { print } from './platform/terminal/print.js';
import { TerminalCommand } from './platform/terminal/terminal-command.js';

const FOLDER = '.ground-truth-demo';
const CORPUS = 'corpus.jsonl';
const SAMPLES = packageFile('samples/surat-perintah.jsonl');
/** The page images that the samples name. */
const CONTENTS = packageFile('samples/contents');

@Command({
  name: 'demo',
  description: `Import the bundled police orders into a separate database, and export ${CORPUS}`,
})
export class DemoCommand extends TerminalCommand {
  constructor(
    private readonly interruption: Interruption,
    private readonly env: Env,
    private readonly threads: Threads,
  ) {
    super();
  }

  protected override examples(): string[] {
    return ['ground-truth demo'];
  }

  async run(): Promise<void> {
    // Always a separate embedded database, whatever the environment names.
    const dataSource = new GroundTruthDataSource(Env.read({}), { defaultFolder: FOLDER });
    try {
      await this.runOn(dataSource);
    } finally {
      await dataSource.destroy();
    }
  }

  private async runOn(dataSource: GroundTruthDataSource): Promise<void> {
    const { signal } = this.interruption;
    const replay = new ReplayService();
    const imports = new ImportService(new StagingRepository(dataSource), replay, this.threads);
    const exports = new ExportService(new GroundTruthRepository(dataSource), replay, this.threads);
    const sources = await SourceFolder.open(fileURLToPath(CONTENTS), new Env().maxSourceBytes);
    await imports.import(createReadStream(fileURLToPath(SAMPLES)), {
      onConflict: 'replace',
      acceptDiverged: false,
      ...(sources && { sources }),
      signal,
    });
    const corpus = exports.export(
      { approved_only: true },
      { signal, statistics: { top_n: 5, collapse_indices: true } },
    );
    await writeOutput(CORPUS, corpus, signal);
    const statistics = corpus.statistics ? statisticsText(corpus.statistics) : '';
    await print(
      [
        `${corpus.progress.samples} approved samples were written to ${CORPUS}. The database has:`,
        '',
        statistics,
        'The first sample that a reviewer corrected:',
        '',
        describeSample(await firstCorrectedLine()),
        '',
        'To serve this database:',
        '',
        `  ${this.serveLine(dataSource.embeddedFolder ?? FOLDER)}`,
        '',
        'Then open the workbench at http://127.0.0.1:3000, Swagger UI at http://127.0.0.1:3000/docs, or run in a second terminal:',
        '',
        "  curl --fail 'http://localhost:3000/api/v1/ground-truth/export?has_corrections=true&limit=10'",
        "  curl --fail 'http://localhost:3000/api/v1/ground-truth/stats?top_n=5&collapse_indices=true'",
        '',
      ].join('\n'),
    );
  }

  /** The command that serves the demo database. It unsets the variables that name another database. */
  private serveLine(folder: string): string {
    const setting = `GROUND_TRUTH_DATA_DIR=${shellQuote(folder)}`;
    const unset = OTHER_DATABASE.filter((name) => this.env[name] !== undefined).map((name) => `${name}= `);
    return `${unset.join('')}${setting} ${program()} serve`;
  }
}

const OTHER_DATABASE = [
  'DATABASE_URL',
  'GROUND_TRUTH_JOBS_RELATION',
  'GROUND_TRUTH_CORRECTIONS_RELATION',
  'GROUND_TRUTH_KEYS_FILE',
] as const;

interface Sample {
  readonly filename: string;
  readonly source_kind: string;
  readonly reviewed_by: string;
  readonly corrections: readonly {
    field_path: string;
    old_value: unknown;
    new_value: unknown;
    reason: string | null;
  }[];
  readonly final_result: unknown;
}

async function firstCorrectedLine(): Promise<string> {
  const lines = (await readFile(CORPUS, 'utf8')).split('\n');
  return lines.find((line) => !line.includes('"corrections":[]')) ?? '';
}

/** A summary for people: the corrections, and the beginning of the result. */
function describeSample(line: string): string {
  const sample = JSON.parse(line) as Sample;
  const corrections = sample.corrections.map(
    ({ field_path, old_value, new_value, reason }) =>
      `    ${field_path}: ${shorten(old_value)} became ${shorten(new_value)}${reason === null ? '' : ` (${reason})`}`,
  );
  return [
    `  ${sample.filename} (${sample.source_kind}), reviewed by ${sample.reviewed_by}`,
    ...corrections,
    `  final_result: ${shorten(sample.final_result, 300)}`,
  ].join('\n');
}

function shorten(value: unknown, most = 60): string {
  const text = JSON.stringify(value);
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** How to call this program from here. Outside its folder, npx would ask the registry for a package of that name. */
function program(): string {
  const isInside = !path.relative(fileURLToPath(packageFile('.')), process.cwd()).startsWith('..');
  return isInside ? 'npx ground-truth' : shellQuote(process.argv[1] ?? 'ground-truth');
}

function shellQuote(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
