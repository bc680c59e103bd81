import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  AccessLog,
  type ExportBegin,
  type ExportEnd,
  type ExportOutcome,
  type LoggedExport,
} from '../platform/access/access-log.js';
import { formatTimestamp } from '../platform/timestamp.js';
import { type CorpusFilter } from './corpus-filter.js';
import { type CorpusExport, type ExportOptions, ExportService } from './export.service.js';

/** Bytes to export, in blocks, and how many samples and bytes have been returned so far. */
export interface Recordable extends AsyncIterable<Buffer> {
  readonly progress: { readonly samples: number; readonly diverged: number; readonly bytes: number };
}

/** Records exports in the access log. */
@Injectable()
export class RecordedExportService {
  constructor(
    private readonly exports: ExportService,
    private readonly accessLog: AccessLog,
  ) {}

  /**
   * Exports a corpus, and records who does, and what, before any byte is returned. The caller must call `end`, whatever the outcome.
   *
   * @throws errors of the access log: without an entry there is no export
   */
  async begin(
    by: Requester,
    filter: CorpusFilter,
    options: ExportOptions = {},
  ): Promise<RecordedExport<CorpusExport>> {
    return this.record(by, filter, this.exports.export(filter, options));
  }

  /**
   * Records any other export: see `begin`.
   *
   * @param filter what is asked for, by parameter
   */
  async record<Exported extends Recordable>(
    by: Requester,
    filter: object,
    exported: Exported,
  ): Promise<RecordedExport<Exported>> {
    const id = await this.accessLog.begin({ ...by, filter: asAskedFor(filter) });
    return new RecordedExport(this.accessLog, id, exported);
  }

  /**
   * Returns the entry of an export in the access log. Without `by`, any; else only those of the same key over HTTP.
   *
   * @param id a UUID
   */
  async find(id: string, by?: string): Promise<LoggedExport | undefined> {
    const entry = await this.accessLog.find(id);
    return by === undefined || (entry?.via === 'http' && entry.who === by) ? entry : undefined;
  }
}

type Requester = Pick<ExportBegin, 'who' | 'via'>;

/** An export whose bytes are hashed as they are read, for the access log. */
export class RecordedExport<Exported extends Recordable = Recordable> implements AsyncIterable<Buffer> {
  private readonly digest = createHash('sha256');

  constructor(
    private readonly accessLog: AccessLog,
    /** Of the entry of the log. */
    readonly id: string,
    readonly corpus: Exported,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for await (const block of this.corpus) {
      this.digest.update(block);
      yield block;
    }
  }

  /** Records the outcome, and returns what it recorded. Call it exactly once. */
  async end(outcome: ExportOutcome): Promise<ExportEnd> {
    const { samples, bytes } = this.corpus.progress;
    const end: ExportEnd = { outcome, samples, bytes, sha256: this.digest.digest('hex') };
    await this.accessLog.end(this.id, end);
    return end;
  }
}

/** The filter as query parameters, with times as text. */
export function asAskedFor(filter: object): Record<string, string | number | boolean> {
  const entries = Object.entries(filter as Record<string, AskedFor | undefined>);
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, textOrNumber(value)]])),
  );
}

type AskedFor = string | number | boolean | bigint | ReadonlySet<string>;

function textOrNumber(value: AskedFor): string | number | boolean {
  if (typeof value === 'bigint') return formatTimestamp(value);
  return typeof value === 'object' ? [...value].join(',') : value;
}
