import { createHash } from 'node:crypto';
import path from 'node:path';
import { linesIn, linesOf } from '../corpus-files/lines.js';
import { orderOf } from '../corpus-files/sample-line.js';
import {
  compact,
  type FieldPath,
  JsonTextError,
  MAX_DEPTH,
  readElements,
  readMembers,
} from '../json-text/index.js';
import { FileFault } from '../platform/files/file-fault.js';
import { Spool } from '../platform/files/spool.js';
import { NumberList } from '../platform/number-list.js';
import { type CorpusSample, readCorpusSample } from './corpus-sample.js';
import { type Example, ExampleMaker, type ExampleOptions, leadOf } from './example.js';
import { type ImageStore } from './image-store.js';
import { JobIds } from './job-ids.js';
import { type Layout } from './layouts/layout.js';
import { LeftOut } from './left-out.js';
import { NearDuplicates } from './near-duplicates.js';
import { RowWriter } from './row-writer.js';

/** What puts documents into one group beside their likeness: `none`, their file name, or a field of their result. */
export type GroupBy = 'none' | 'filename' | FieldPath;

/** Lines of a corpus, and how they are to be taken. */
export interface CorpusLines {
  readonly blocks: AsyncIterable<Buffer>;
  /** For messages. */
  readonly name: string;
  /** Whether the lines come from an export of this process, and so need no check. */
  readonly isTrusted: boolean;
  /** The SHA-256 digest of the blocks, for those that have been digested already. Called after the last one. */
  readonly sha256?: () => string;
}

export interface ScanOptions extends ExampleOptions {
  readonly layout: Layout;
  readonly groupBy: GroupBy;
  /** The share of shingles from which on two documents are near-duplicates; undefined does not look for them. */
  readonly nearDuplicates: number | undefined;
  /** Where page images are. */
  readonly images: ImageStore | undefined;
  /** Counts the tokens of a text. */
  readonly countTokens: ((text: string) => number) | undefined;
  readonly maxTokens: number;
}

/** No group but by likeness. */
export const NO_KEY = -1;
const HASH_BYTES = 6;
/** A result is a few levels below its line. */
const LINE_DEPTH = MAX_DEPTH + 8;
/** Paths of corrections that are told apart. */
const MOST_PATHS = 10_000;

/**
 * A corpus, read once: the rows that it gives, in a temporary file, and of each document what decides about its split. The caller must
 * close it.
 *
 * In memory, a document takes some 60 bytes with its row, and 522 more where near-duplicates are looked for. If it may have several rows,
 * it takes some 36 bytes instead of 60, and each row 40.
 */
export class Scan {
  /** Of the documents that have rows. */
  readonly ids = new JobIds();
  readonly rows: Spool;
  /** By row, if a document may have several: the number of its document, and its index in the final table. */
  private readonly documents = new NumberList();
  private readonly indices = new NumberList();
  /** The names of each document's images, with line feeds between them. */
  readonly images: Spool;
  /** By document, if they are grouped by something: a hash of it, or NO_KEY. */
  readonly keys = new NumberList();
  readonly promptLengths = new NumberList();
  readonly answerLengths = new NumberList();
  /** By row, if a tokenizer was given. */
  readonly tokens = new NumberList();
  readonly nearDuplicates: NearDuplicates | undefined;
  /** Whether a document may have several rows. */
  readonly isByRow: boolean;
  readonly leftOut: LeftOut;
  /** How often each field of the documents was corrected, with * for indices. */
  readonly corrected = new Map<string, number>();
  /** How many documents' results came from each producer: by its JSON text. */
  readonly producers = new Map<string, number>();
  readonly corpus = { samples: 0, bytes: 0, sha256: '' };
  private readonly results: Spool;
  private readonly maker: ExampleMaker;
  private readonly lead: string;
  private readonly writer: RowWriter;
  /** The fields of paths that corrections had, by their JSON. */
  private readonly fields = new Map<string, string>();
  private lastOrder = '';

  /** @param folder for temporary files */
  constructor(
    folder: string,
    private readonly options: ScanOptions,
  ) {
    this.isByRow = options.field.isByRow;
    this.leftOut = new LeftOut(this.isByRow);
    this.rows = new Spool(path.join(folder, '.rows'));
    this.images = new Spool(path.join(folder, '.images'));
    this.results = new Spool(path.join(folder, '.results'));
    this.maker = new ExampleMaker(options);
    this.lead = leadOf(options);
    this.writer = new RowWriter(
      options.layout,
      options.objective,
      this.lead,
      options.input.includes('page_image'),
    );
    if (options.nearDuplicates !== undefined)
      this.nearDuplicates = new NearDuplicates(options.nearDuplicates, (row) => this.results.at(row));
  }

  /**
   * Reads the corpus.
   *
   * @throws FileFault if it is not one
   */
  async read({ blocks, name, isTrusted, sha256 }: CorpusLines, signal: AbortSignal): Promise<void> {
    const digest = sha256 ? undefined : createHash('sha256');
    for await (const lines of linesOf(blocks, name)) {
      signal.throwIfAborted();
      digest?.update(lines.bytes);
      for (const { line, number } of linesIn(lines)) {
        const fault = this.takeLine(line, isTrusted);
        if (fault !== undefined) throw new FileFault(`${name}: line ${number} ${fault}`);
      }
      this.corpus.bytes += lines.bytes.length;
      this.corpus.samples += lines.ends.length;
    }
    this.corpus.sha256 = digest?.digest('hex') ?? sha256!();
  }

  /** The number of the document that a row is of. */
  documentOf(row: number): number {
    return this.isByRow ? this.documents.at(row) : row;
  }

  /** Where a row is in the final result, as text; undefined for what all documents have at one path. */
  placeOf(row: number): string | undefined {
    return this.isByRow ? this.maker.parts.placeOf(this.indices.at(row)) : undefined;
  }

  close(): void {
    for (const spool of [this.rows, this.images, this.results]) spool.close();
  }

  /** @returns what is wrong with the line */
  private takeLine(line: Buffer, isTrusted: boolean): string | undefined {
    const order = orderOf(line, 0, line.length);
    if (order === undefined) return 'is not a sample as an export writes it';
    if (order <= this.lastOrder)
      return 'is not after the line before it in corpus order; a corpus is one export, or what ground-truth merge makes of one';
    this.lastOrder = order;
    try {
      const sample = readCorpusSample(isTrusted ? line : compact(line, LINE_DEPTH));
      if (typeof sample === 'string') return sample;
      this.take(sample);
    } catch (error) {
      if (error instanceof JsonTextError) return `is not JSON: ${error.message}`;
      throw error;
    }
    return undefined;
  }

  private take(sample: CorpusSample): void {
    let isKnown = false;
    for (const made of this.maker.make(sample)) {
      if ('reason' in made) {
        this.leftOut.add(made, sample.jobId);
        continue;
      }
      const tokens = this.tokensOf(made);
      const reason = this.refusal(made, tokens);
      if (reason !== undefined) {
        this.leftOut.add({ reason, unit: this.maker.unit }, sample.jobId);
        continue;
      }
      if (!isKnown) this.addDocument(sample, made);
      isKnown = true;
      this.addRow(made, tokens);
    }
  }

  private tokensOf({ input, answer }: Example): number {
    return this.options.countTokens?.(`${this.lead}${input.toString()}${answer.toString()}`) ?? 0;
  }

  /** Why an example cannot be a row, if it cannot. */
  private refusal({ input, answer, rejected, images }: Example, tokens: number): string | undefined {
    const { layout, images: store, maxTokens } = this.options;
    const { reserved } = layout;
    // Placeholders are ASCII, so bytes will do as characters.
    const texts = reserved ? [input, answer, ...(rejected ? [rejected] : [])] : [];
    if (reserved?.test(this.lead) || texts.some((text) => reserved!.test(text.toString('latin1'))))
      return 'its text has a placeholder of the layout';
    if (!images.every((image) => store?.has(image))) return 'the image of a page is not held';
    return tokens > maxTokens ? `longer than ${maxTokens} tokens` : undefined;
  }

  /** @param example any of its rows: they have the same images */
  private addDocument(sample: CorpusSample, example: Example): void {
    const { options } = this;
    this.ids.add(sample.jobId);
    if (options.images) this.images.add(Buffer.from(this.namesOf(example).join('\n')));
    if (options.groupBy !== 'none') this.keys.add(this.keyOf(sample, options.groupBy));
    if (this.nearDuplicates) {
      this.nearDuplicates.add(sample.final);
      this.results.add(sample.final);
    }
    this.count(sample);
  }

  private addRow(example: Example, tokens: number): void {
    const row = this.writer.write(
      example,
      this.namesOf(example).map((name) => `images/${name}`),
    );
    if (example.index !== undefined) {
      this.documents.add(this.ids.count - 1);
      this.indices.add(example.index);
    }
    this.rows.add(row.line);
    this.promptLengths.add(row.promptLength);
    this.answerLengths.add(row.answerLength);
    if (this.options.countTokens) this.tokens.add(tokens);
  }

  private namesOf({ images }: Example): string[] {
    return images.map((image) => this.options.images!.nameOf(image));
  }

  private keyOf({ filename, final }: CorpusSample, groupBy: 'filename' | FieldPath): number {
    const value = groupBy === 'filename' ? Buffer.from(filename) : this.maker.parts.valueAt(final, groupBy);
    if (value === undefined || NOTHING.has(value.toString())) return NO_KEY;
    return createHash('sha256').update(value).digest().readUIntBE(0, HASH_BYTES);
  }

  /** @param written the path of a correction, as JSON */
  private fieldOf(written: string): string {
    let field = this.fields.get(written);
    if (field === undefined) {
      field = collapsed(JSON.parse(written) as string);
      if (this.fields.size < MOST_PATHS) this.fields.set(written, field);
    }
    return field;
  }

  private count({ corrections, producer }: CorpusSample): void {
    for (const correction of readElements(corrections) ?? []) {
      const field = this.fieldOf(pathOf(correction));
      if (this.corrected.has(field) || this.corrected.size < MOST_PATHS)
        this.corrected.set(field, (this.corrected.get(field) ?? 0) + 1);
    }
    const made = producer?.toString() ?? 'null';
    if (made !== 'null' && (this.producers.has(made) || this.producers.size < MOST_PATHS))
      this.producers.set(made, (this.producers.get(made) ?? 0) + 1);
  }
}

/** The path of a correction as JSON, which an export writes first: the other members, which may be long, are then not read. */
function pathOf(correction: Buffer): string {
  const [first] = readMembers(correction, 0) ?? [];
  const member =
    first?.key === 'field_path' ? first : readMembers(correction)?.find(({ key }) => key === 'field_path');
  return member?.value.toString() ?? '""';
}

/** Values that do not say that two documents belong together. */
const NOTHING = new Set(['null', '""', '[]', '{}']);

/** `personel[3].nrp` as `personel[*].nrp`. Keys in quotes stay. */
function collapsed(text: string): string {
  return text.replace(/("(?:[^"\\]|\\.)*")|\[[0-9]+\]/g, (_, quoted?: string) => quoted ?? '[*]');
}
