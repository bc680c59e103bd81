import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'nest-commander';
import { manifestText } from '../../corpus-files/manifest.js';
import { type ExportEnd } from '../../platform/access/access-log.js';
import { canCompress } from '../../platform/files/compression.js';
import { Failure, systemReason } from '../../platform/terminal/failure.js';
import { Interruption } from '../../platform/terminal/interruption.js';
import { inGroups, inMegabytes, printNote } from '../../platform/terminal/print.js';
import { hasContent, STANDARD_OUTPUT, type Written } from '../../platform/terminal/output.js';
import { writeTextFile } from '../../platform/terminal/text-file.js';
import { Progress } from '../../platform/terminal/progress.js';
import { readFlags } from '../../platform/terminal/read-flags.js';
import { type Flags } from '../../platform/terminal/terminal-command.js';
import { ContentFolder } from './content-folder.js';
import { ExportFilterDto } from '../corpus-filter.js';
import { type Statistics, StatisticsQueryDto } from '../statistics-query.js';
import { type CorpusExport, type ExportOptions } from '../export.service.js';
import { PartsExportService } from '../parts/parts-export.service.js';
import { manifestHead } from '../parts/parts-manifest.js';
import { type RecordedExport, RecordedExportService } from '../recorded-export.service.js';
import { userName } from './user-name.js';
import { writeRecorded } from './write-recorded.js';
import { exportParts, PartsFlagsDto } from './export-parts.js';
import { ExportingCommand } from './exporting-command.js';
import { statisticsText } from './report-text.js';
import { counted } from '../../platform/counted.js';

@Command({
  name: 'export',
  description: 'Write the corpus: one training sample a line (JSON Lines)',
})
export class ExportCommand extends ExportingCommand {
  constructor(
    private readonly exports: RecordedExportService,
    private readonly parts: PartsExportService,
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
      'ground-truth export --out corpus/ --part-size 512MB --readers 8 --compress gzip',
      'ground-truth export --approved-only false --include all --sources contents/ --out backup.jsonl.gz',
    ];
  }

  async run(
    _: string[],
    { out, manifest, sources: given, print_stats, collapse_indices = false, allow_empty, ...flags }: Flags,
  ): Promise<void> {
    const { part_size, readers, compress, resume, ...filters } = flags;
    const filter = readFlags(this, ExportFilterDto, filters);
    const target = this.targetOf(out);
    const parts = await this.partsOf(target, { part_size, readers, compress, resume });
    const manifestFile = this.manifestOf(manifest, target, parts !== undefined);
    const sources = this.sourcesOf(given, filter);
    if (collapse_indices === true && print_stats !== true)
      this.refuse(['--collapse-indices: is for --print-stats, which is missing']);
    const contents = sources === undefined ? undefined : await openFolder(sources);
    const options = {
      signal: this.interruption.signal,
      countFirst: Progress.isShown,
      ...(contents && { contents }),
      ...(print_stats === true && {
        statistics: Object.assign(new StatisticsQueryDto(), { collapse_indices }),
      }),
    };
    const allowEmpty = allow_empty === true;
    const statistics = parts
      ? await exportParts(this.parts, parts, { ...options, filter, folder: target, allowEmpty })
      : await this.toFile(filter, options, target, manifestFile, allowEmpty);
    if (contents) printNote(`${counted(contents.filesWritten, 'content')} written to ${sources ?? ''}`);
    if (statistics) process.stderr.write(statisticsText(statistics));
  }

  private async toFile(
    filter: ExportFilterDto,
    options: ExportOptions,
    target: string,
    manifestFile: string | undefined,
    allowEmpty: boolean,
  ): Promise<Statistics | undefined> {
    const by = { who: userName(), via: 'cli' } as const;
    const version = manifestFile !== undefined;
    const recorded = await this.exports.begin(by, filter, { ...options, version });
    const { corpus } = recorded;
    const blocks = withProgress(recorded);
    const { written, end } = await writeRecorded(
      recorded,
      target,
      this.interruption.signal,
      allowEmpty ? blocks : keepingContent(target, blocks),
    );
    if (manifestFile !== undefined && written.isComplete)
      await writeTextFile(manifestFile, manifestOf(filter, corpus, end));
    if (written.kind === 'file') printNote(summary(corpus, written, target));
    return corpus.statistics;
  }

  /** The flags of a corpus in parts; undefined if the target is not a folder. */
  private async partsOf(target: string, given: Flags): Promise<PartsFlagsDto | undefined> {
    const isFolder = target.endsWith('/') || (await stat(target).catch(() => undefined))?.isDirectory();
    const flags = Object.entries(given).filter(([, value]) => value !== undefined);
    if (isFolder !== true) {
      if (flags.length > 0)
        this.refuse(
          flags.map(
            ([name]) =>
              `--${name.replaceAll('_', '-')}: is for a corpus in parts: end --out with a slash, as in corpus/`,
          ),
        );
      return undefined;
    }
    const parts = readFlags(this, PartsFlagsDto, Object.fromEntries(flags));
    if (parts.compress && !canCompress(parts.compress))
      this.refuse([
        `--compress: ${parts.compress} needs Node 22.15 or newer, and this is ${process.version}`,
      ]);
    return parts;
  }

  private manifestOf(given: unknown, target: string, isInParts: boolean): string | undefined {
    if (typeof given !== 'string') return undefined;
    if (isInParts) this.refuse(['--manifest: a corpus in parts has one beside them, manifest.json']);
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
  filter: ExportFilterDto,
  { version, progress: { diverged } }: CorpusExport,
  { samples, bytes, sha256 }: ExportEnd,
): string {
  return manifestText({
    ...manifestHead(filter),
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
