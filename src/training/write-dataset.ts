import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { ByteWriter } from '../platform/byte-writer.js';
import { counted } from '../platform/counted.js';
import { Fault } from '../platform/fault.js';
import { GradualSync } from '../platform/files/gradual-sync.js';
import { replaceFolder } from '../platform/files/replace-folder.js';
import { datasetCard } from './card.js';
import { type ImageStore } from './image-store.js';
import { type DatasetFacts } from './layouts/layout.js';
import { type Ledger } from './ledger.js';
import { amountOf } from './left-out.js';
import { type Partition, partition } from './partition.js';
import { type DatasetReport, reportOf } from './report.js';
import { type CorpusLines, Scan, type ScanOptions } from './scan.js';
import { JOBS_FILE, splitJobLine } from './split-jobs.js';
import { LEFT_OUT, type Split } from './splits.js';

export const REPORT_FILE = 'dataset.json';
const BLOCK_SIZE = 256 * 1024;
/** A block may be longer than BLOCK_SIZE by the end of its last row. */
const ROOM_FOR_A_ROW = 16 * 1024;
const PRIVATE = 0o600;

/** No dataset can be made of this corpus as it was asked for. */
export class UnsoundDataset extends Fault {
  constructor(message: string) {
    super('unsound-dataset', message);
  }
}

export interface DatasetRequest extends Omit<ScanOptions, 'images'> {
  readonly splits: readonly Split[];
  readonly ledger: Ledger;
  /** What the report says of how the dataset was asked for. */
  readonly flags: Readonly<Record<string, string>>;
  /** Of the program. */
  readonly version: string;
}

/** Where a dataset comes from. */
export interface DatasetSource {
  readonly lines: CorpusLines;
  readonly images: ImageStore | undefined;
}

/**
 * Writes a dataset as a folder, which appears whole or not at all. The corpus is read once; for the memory see Scan. The same corpus,
 * ledger and request give the same bytes.
 *
 * @param place see `replaceFolder`
 * @param openSource opens the corpus; gets a folder for temporary files
 * @param keepLedger keeps the new ledger, before the dataset appears: a document whose split is known, but not used, does no harm
 * @throws UnsoundDataset if a split would be empty
 */
export function writeDataset(
  place: string,
  request: DatasetRequest,
  openSource: (temporary: string) => Promise<DatasetSource>,
  keepLedger: (blocks: Iterable<Buffer>) => Promise<void>,
  signal: AbortSignal,
): Promise<DatasetReport> {
  return replaceFolder(place, async (folder) => {
    const temporary = path.join(folder, '.temporary');
    await mkdir(temporary, { mode: 0o700 });
    const { lines, images } = await openSource(temporary);
    const scan = new Scan(temporary, { ...request, images });
    try {
      await scan.read(lines, signal);
      const parts = partition(scan, request.ledger, request.splits);
      nameLeftOut(scan, parts);
      const rows = rowsBySplit(scan, parts, request.splits);
      refuseEmptySplits(scan, rows, request.splits);
      const digests = await writeRows(folder, scan, parts, request.splits, images, signal);
      const report = reportOf(scan, parts, request.splits, {
        version: request.version,
        flags: request.flags,
        rows,
        fromLedger: countFromLedger(scan, parts, request),
        digests,
        images: images?.count ?? 0,
      });
      await writeFiles(folder, request, report, rows);
      await keepLedger(request.ledger.with(scan.ids, parts.splitOf));
      return report;
    } finally {
      scan.close();
      await rm(temporary, { recursive: true, force: true });
    }
  });
}

function nameLeftOut(scan: Scan, { between, contradicting }: Partition): void {
  const name = (documents: readonly number[], reason: string): void => {
    for (const document of documents) scan.leftOut.add({ reason, unit: 'document' }, scan.ids.at(document));
  };
  name(between, 'new, and resembles documents that the ledger has in different splits');
  name(contradicting, 'resembles a document that the ledger has in another split');
}

/**
 * Counts rows by split.
 *
 * @param isCounted whether those of a document, by its number, count
 */
function rowsBySplit(
  scan: Scan,
  { splitOf }: Partition,
  splits: readonly Split[],
  isCounted: (document: number) => boolean = () => true,
): number[] {
  const rows = splits.map(() => 0);
  for (let row = 0; row < scan.rows.count; row++) {
    const document = scan.documentOf(row);
    const split = splitOf[document]!;
    if (split !== LEFT_OUT && isCounted(document)) rows[split]!++;
  }
  return rows;
}

/** @param rows by split */
function refuseEmptySplits(scan: Scan, rows: readonly number[], splits: readonly Split[]): void {
  const empty = splits.filter(({ share }, split) => share > 0 && rows[split] === 0).map(({ name }) => name);
  if (empty.length === 0) return;
  const leftOut = scan.leftOut.list().map((each) => `  left out, ${each.reason}: ${amountOf(each)}`);
  throw new UnsoundDataset(
    [
      `no row would be in ${empty.join(' and ')}, so nothing was written: ${counted(scan.corpus.samples, 'sample')} gave ` +
        `${counted(scan.rows.count, 'row')}; take more samples, larger shares, or smaller groups (--group-by, --near-duplicates)`,
      ...leftOut,
    ].join('\n'),
  );
}

function countFromLedger(scan: Scan, parts: Partition, { ledger, splits }: DatasetRequest): number[] {
  if (ledger.count === 0) return splits.map(() => 0);
  return rowsBySplit(scan, parts, splits, (document) => ledger.splitOf(scan.ids, document) !== -1);
}

/** @returns the SHA-256 digest of each split's file */
async function writeRows(
  folder: string,
  scan: Scan,
  { splitOf }: Partition,
  splits: readonly Split[],
  images: ImageStore | undefined,
  signal: AbortSignal,
): Promise<(string | undefined)[]> {
  const imageFolder = path.join(folder, 'images');
  if (images) await mkdir(imageFolder, { mode: 0o700 });
  const outputs: (RowsFile | undefined)[] = [];
  const jobs = await RowsFile.create(path.join(folder, JOBS_FILE));
  try {
    for (const [split, { name }] of splits.entries())
      outputs.push(
        splitOf.includes(split) ? await RowsFile.create(path.join(folder, fileOf(name))) : undefined,
      );
    let row = 0;
    for (const bytes of scan.rows.inOrder()) {
      if (row % 1024 === 0) signal.throwIfAborted();
      const document = scan.documentOf(row);
      const split = splitOf[document]!;
      const output = outputs[split];
      if (output) {
        if (output.add(bytes)) await output.write();
        const job = Buffer.from(splitJobLine(splits[split]!.name, scan.ids.at(document), scan.placeOf(row)));
        if (jobs.add(job)) await jobs.write();
        if (images)
          for (const name of scan.images.at(document).toString().split('\n'))
            await images.put(name, imageFolder);
      }
      row++;
    }
    await jobs.finish();
    const digests: (string | undefined)[] = [];
    for (const output of outputs) digests.push(await output?.finish());
    return digests;
  } finally {
    for (const output of [...outputs, jobs]) await output?.close();
  }
}

/** Rows of a split, written in blocks: one is filled while the one before it is written. Their memory is used again and again. */
class RowsFile {
  private readonly digest = createHash('sha256');
  private block = new ByteWriter(BLOCK_SIZE + ROOM_FOR_A_ROW);
  private other = new ByteWriter(BLOCK_SIZE + ROOM_FOR_A_ROW);
  /** Of `other`. */
  private writing = Promise.resolve();

  private readonly sync: GradualSync;

  private constructor(private readonly file: FileHandle) {
    this.sync = new GradualSync(file);
  }

  static async create(name: string): Promise<RowsFile> {
    return new RowsFile(await open(name, 'wx', PRIVATE));
  }

  /** @returns whether there is a block to write */
  add(row: Buffer): boolean {
    this.block.add(row, 0, row.length);
    return this.block.length >= BLOCK_SIZE;
  }

  async write(): Promise<void> {
    await this.writing;
    const { block } = this;
    const bytes = block.bytes.subarray(0, block.length);
    this.writing = this.file.writeFile(bytes).then(() => this.sync.wrote(bytes.length));
    // Its failure is thrown by the next call.
    this.writing.catch(() => undefined);
    this.digest.update(bytes);
    [this.block, this.other] = [this.other, block];
    this.block.length = 0;
  }

  /** @returns the SHA-256 digest of the file */
  async finish(): Promise<string> {
    await this.write();
    await this.writing;
    await this.sync.end();
    await this.file.sync();
    return this.digest.digest('hex');
  }

  async close(): Promise<void> {
    await this.writing.then(() => this.sync.end()).catch(() => undefined);
    await this.file.close();
  }
}

async function writeFiles(
  folder: string,
  { layout, splits, objective, input }: DatasetRequest,
  report: DatasetReport,
  rows: readonly number[],
): Promise<void> {
  const { prompt_characters, answer_characters, tokens } = report.lengths;
  const facts: DatasetFacts = {
    objective,
    hasImages: input.includes('page_image'),
    splits: splits.flatMap(({ name }, split) =>
      rows[split]! > 0 ? [{ name, file: fileOf(name), rows: rows[split]! }] : [],
    ),
    longest: {
      characters: prompt_characters!.longest + answer_characters!.longest,
      tokens: tokens?.longest,
    },
  };
  const texts = {
    ...layout.files(facts),
    [REPORT_FILE]: `${JSON.stringify(report, undefined, 2)}\n`,
    'README.md': datasetCard(report, facts, layout),
  };
  for (const [name, text] of Object.entries(texts)) {
    const file = await open(path.join(folder, name), 'wx', PRIVATE);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

function fileOf(split: string): string {
  return `${split}.jsonl`;
}
