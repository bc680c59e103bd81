import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AccessLog, type ExportBegin, type ExportOutcome } from '../platform/access/access-log.js';
import { formatTimestamp } from '../platform/timestamp.js';
import { type CorpusFilter } from './corpus-filter.js';
import { type CorpusExport, type ExportOptions, ExportService } from './export.service.js';

/** Exports corpora, and records each export in the access log. */
@Injectable()
export class RecordedExportService {
  constructor(
    private readonly exports: ExportService,
    private readonly accessLog: AccessLog,
  ) {}

  /**
   * Records who exports what, before any byte is returned. The caller must call `end`, whatever the outcome.
   *
   * @throws errors of the access log: without an entry there is no export
   */
  async begin(
    by: Pick<ExportBegin, 'who' | 'via'>,
    filter: CorpusFilter,
    options: ExportOptions = {},
  ): Promise<RecordedExport> {
    const id = await this.accessLog.begin({ ...by, filter: asAskedFor(filter) });
    return new RecordedExport(this.accessLog, id, this.exports.export(filter, options));
  }
}

/** A corpus whose bytes are hashed as they are read, for the access log. */
export class RecordedExport implements AsyncIterable<Buffer> {
  private readonly digest = createHash('sha256');

  constructor(
    private readonly accessLog: AccessLog,
    private readonly id: string,
    readonly corpus: CorpusExport,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for await (const block of this.corpus) {
      this.digest.update(block);
      yield block;
    }
  }

  /** Records the outcome. Call it exactly once. */
  async end(outcome: ExportOutcome): Promise<void> {
    const { samples, bytes } = this.corpus.progress;
    const sha256 = this.digest.digest('hex');
    await this.accessLog.end(this.id, { outcome, samples, bytes, sha256 });
  }
}

/** The filter as query parameters, with times as text. */
function asAskedFor(filter: CorpusFilter): Record<string, string | number | boolean> {
  const entries = Object.entries(filter as unknown as Record<string, AskedFor | undefined>);
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, textOrNumber(value)]])),
  );
}

type AskedFor = string | number | boolean | bigint | ReadonlySet<string>;

function textOrNumber(value: AskedFor): string | number | boolean {
  if (typeof value === 'bigint') return formatTimestamp(value);
  return typeof value === 'object' ? [...value].join(',') : value;
}
