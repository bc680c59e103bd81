import { Injectable, Logger } from '@nestjs/common';
import { type Request, type Response } from 'express';
import { requestIdOf } from '../../platform/http/request.js';
import { requesterOf } from '../../platform/http/access-control.js';
import { type Transfer } from '../../platform/http/transfer.js';
import { Transfers } from '../../platform/http/transfers.js';
import { Metrics } from '../../platform/operations/metrics.js';
import { type CorpusFilter } from '../corpus-filter.js';
import { type RecordedExport, RecordedExportService } from '../recorded-export.service.js';

export const CORPUS_HEADERS = {
  'Content-Type': 'application/x-ndjson',
  'Content-Disposition': 'attachment; filename="ground-truth.jsonl"',
};

/** The name in the access log if the server requires no key. */
const ANONYMOUS = 'anonymous';

/** Sends an export over HTTP, and records its outcome in metrics, the server's log and the access log. */
@Injectable()
export class ExportDownload {
  private readonly logger = new Logger('Export');

  constructor(
    private readonly exports: RecordedExportService,
    private readonly transfers: Transfers,
    private readonly metrics: Metrics,
  ) {}

  /** @throws any failure; if bytes have been sent already, the error filter resets the connection */
  async send(filter: CorpusFilter, request: Request, response: Response): Promise<void> {
    const transfer = this.transfers.begin(response);
    try {
      const by = { who: requesterOf(request)?.name ?? ANONYMOUS, via: 'http' } as const;
      const recorded = await this.exports.begin(by, filter, { signal: transfer.signal });
      try {
        await transfer.send(CORPUS_HEADERS, recorded);
      } finally {
        await this.end(recorded, transfer, request);
      }
    } finally {
      transfer.close();
    }
  }

  private async end(recorded: RecordedExport, { outcome }: Transfer, request: Request): Promise<void> {
    const { progress } = recorded.corpus;
    this.metrics.countExport({ outcome, ...progress });
    const line = { request_id: requestIdOf(request), outcome, ...progress, message: 'export' };
    if (outcome === 'complete') this.logger.log(line);
    else this.logger.warn(line);
    try {
      await recorded.end(outcome);
    } catch (error) {
      // The response has ended already, so only the log can report this.
      this.logger.error({
        request_id: requestIdOf(request),
        message: `cannot write the end of an export to the access log: ${error instanceof Error ? error.name : ''}`,
      });
    }
  }
}
