import path from 'node:path';
import { Command, Option } from 'nest-commander';
import { manifestText } from '../../corpus-files/manifest.js';
import { type ExportEnd } from '../../platform/access/access-log.js';
import { packageVersion } from '../../platform/config/package-file.js';
import { Failure, systemReason } from '../../platform/terminal/failure.js';
import { Interruption } from '../../platform/terminal/interruption.js';
import { inGroups, inMegabytes, printNote } from '../../platform/terminal/print.js';
import { hasContent, STANDARD_OUTPUT, type Written } from '../../platform/terminal/output.js';
import { writeTextFile } from '../../platform/terminal/text-file.js';
import { Progress } from '../../platform/terminal/progress.js';
import { OUT } from '../../platform/terminal/options.js';
import { type Flags } from '../../platform/terminal/terminal-command.js';
import { ContentFolder } from './content-folder.js';
import { ExportFilterDto } from '../corpus-filter.js';
import { StatisticsQueryDto } from '../statistics-query.js';
import { type CorpusExport } from '../export.service.js';
import { asAskedFor, type RecordedExport, RecordedExportService } from '../recorded-export.service.js';
import { userName } from './user-name.js';
import { writeRecorded } from './write-recorded.js';
import { FilteringCommand, INCLUDE, LIMIT } from './filtering-command.js';
import { statisticsText } from './report-text.js';
import { counted } from '../../platform/counted.js';

@Command({
  name: 'export',
  description: 'Write the corpus: one training sample a line (JSON Lines)',
})
export class ExportCommand extends FilteringCommand {
  constructor(
    private readonly exports: RecordedExportService,
    private readonly interruption: Interruption,
  ) {
    super();
  }

  protected override examples(): string[] {
    return [
      'ground-truth export --out corpus.jsonl --print-stats --collapse-indices',
      'ground-truth export --approved-only false --since 2025-06-01 --until 2025-07-01 --out june.jsonl.gz',
      'ground-truth export --has-corrections true --limit 100 | jq .corrections',
      'ground-truth export --out corpus.jsonl --manifest corpus.manifest.json',
      'ground-truth export --approved-only false --include all --sources contents/ --out backup.jsonl.gz',
    ];
  }

  @Option(OUT)
  out(text: string): string {
    return text;
  }

  @Option({
    flags: '--approved-only <boolean>',
    name: 'approved_only',
    description: 'true: only approved samples; false: all samples (default: true)',
  })
  approvedOnly(text: string): string {
    return text;
  }

  @Option(LIMIT)
  limit(text: string): string {
    return text;
  }

  @Option(INCLUDE)
  include(text: string): string {
    return text;
  }

  @Option({
    flags: '--sources <folder>',
    description:
      'also write the contents of sources that the database holds to this folder, each once, as <sha256>.<extension>; the lines must include sources (default: no)',
  })
  sources(text: string): string {
    return text;
  }

  @Option({
    flags: '--manifest <file>',
    description:
      'also write what the corpus is to this file: filters, moment, samples, digest; for ground-truth check (default: no)',
  })
  manifest(text: string): string {
    return text;
  }

  @Option({
    flags: '--print-stats',
    name: 'print_stats',
    description:
      'also print statistics of the whole database, from the same snapshot, to standard error (default: no)',
  })
  printStats(): boolean {
    return true;
  }

  @Option({
    flags: '--collapse-indices',
    name: 'collapse_indices',
    description:
      'in these statistics, count personel[0].nrp and personel[7].nrp as personel[*].nrp (default: count each separately)',
  })
  collapseIndices(): boolean {
    return true;
  }

  @Option({
    flags: '--allow-empty',
    name: 'allow_empty',
    description: 'replace a file that is not empty even if no sample matches (default: refuse)',
  })
  allowEmpty(): boolean {
    return true;
  }

  async run(
    _: string[],
    { out, manifest, sources: given, print_stats, collapse_indices = false, allow_empty, ...flags }: Flags,
  ): Promise<void> {
    const filter = this.readFlags(ExportFilterDto, flags);
    const target = this.targetOf(out);
    const manifestFile = this.manifestOf(manifest, target);
    const sources = this.sourcesOf(given, filter);
    if (collapse_indices === true && print_stats !== true)
      this.refuse(['--collapse-indices: is for --print-stats, which is missing']);
    const { signal } = this.interruption;
    const contents = sources === undefined ? undefined : await openFolder(sources);
    const recorded = await this.exports.begin({ who: userName(), via: 'cli' }, filter, {
      signal,
      countFirst: Progress.isShown,
      version: manifestFile !== undefined,
      ...(contents && { contents }),
      ...(print_stats === true && {
        statistics: Object.assign(new StatisticsQueryDto(), { collapse_indices }),
      }),
    });
    const { corpus } = recorded;
    const blocks = withProgress(recorded);
    const { written, end } = await writeRecorded(
      recorded,
      target,
      signal,
      allow_empty === true ? blocks : keepingContent(target, blocks),
    );
    if (manifestFile !== undefined && written.isComplete)
      await writeTextFile(manifestFile, manifestOf(filter, corpus, end));
    if (written.kind === 'file') printNote(summary(corpus, written, target));
    if (contents) printNote(`${counted(contents.filesWritten, 'content')} written to ${sources ?? ''}`);
    if (corpus.statistics) process.stderr.write(statisticsText(corpus.statistics));
  }

  private manifestOf(given: unknown, target: string): string | undefined {
    if (typeof given !== 'string') return undefined;
    if (given === '' || given === STANDARD_OUTPUT)
      this.refuse([`--manifest: ${JSON.stringify(given)} is not a file name`]);
    if (path.resolve(given) === path.resolve(target))
      this.refuse(['--manifest: is the file of --out; use another one']);
    return given;
  }

  private sourcesOf(given: unknown, { include }: ExportFilterDto): string | undefined {
    if (typeof given !== 'string') return undefined;
    if (include?.has('sources') !== true)
      this.refuse([
        '--sources: needs --include sources (or all): the lines say which contents belong to them',
      ]);
    if (given === '') this.refuse(['--sources: "" is not the name of a folder']);
    return given;
  }
}

/** @param corpus written to its end, with its version */
function manifestOf(
  { include, ...filter }: ExportFilterDto,
  { version, progress: { diverged } }: CorpusExport,
  { samples, bytes, sha256 }: ExportEnd,
): string {
  return manifestText({
    tool: { name: 'ground-truth', version: packageVersion() },
    filters: asAskedFor(filter),
    include: [...(include ?? [])],
    ...version!,
    ...{ samples, diverged, bytes, sha256 },
  });
}

async function openFolder(folder: string): Promise<ContentFolder> {
  try {
    return await ContentFolder.open(folder);
  } catch (error) {
    throw new Failure(`cannot write to ${folder}: ${systemReason(error) ?? 'error'}`);
  }
}

/** @throws Failure at the end, if nothing came and would replace a file with content */
async function* keepingContent(target: string, corpus: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isEmpty = true;
  for await (const block of corpus) {
    isEmpty = false;
    yield block;
  }
  if (isEmpty && (await hasContent(target)))
    throw new Failure(
      `no sample matches, so ${target}, which is not empty, stays as it is; to replace it by an empty corpus, use --allow-empty`,
    );
}

async function* withProgress(recorded: RecordedExport<CorpusExport>): AsyncGenerator<Buffer> {
  const { corpus } = recorded;
  const progress = new Progress('Exporting');
  try {
    for await (const block of recorded) {
      progress.start(corpus.total === undefined ? undefined : { samples: corpus.total });
      progress.update(corpus.progress.samples, corpus.progress.bytes);
      yield block;
    }
  } finally {
    progress.stop();
  }
}

function summary(
  { progress: { samples, diverged } }: CorpusExport,
  { bytes }: Written,
  target: string,
): string {
  const all = `${counted(samples, 'sample')}, ${inMegabytes(bytes)} MB written to ${target}`;
  return diverged === 0
    ? all
    : `${all}; ${inGroups(diverged)} of them diverged: the trail does not lead back exactly`;
}
