import { Injectable, Logger } from '@nestjs/common';
import { type Request, type Response } from 'express';
import { entityTag } from '../../platform/http/conditions.js';
import { requestIdOf } from '../../platform/http/request.js';
import { requesterOf } from '../../platform/http/access-control.js';
import { type Transfer } from '../../platform/http/transfer.js';
import { Transfers } from '../../platform/http/transfers.js';
import { Metrics } from '../../platform/operations/metrics.js';
import { type CorpusFilter } from '../corpus-filter.js';
import { type FeedQuery } from '../feed-query.js';
import { type Feed, FeedService } from '../feed.service.js';
import { type RecordedExport, RecordedExportService } from '../recorded-export.service.js';

export const CORPUS_HEADERS = {
  'Content-Type': 'application/x-ndjson',
  'Content-Disposition': 'attachment; filename="ground-truth.jsonl"',
};

/** As a file, or Swagger UI would take the lines for one JSON text. */
export const FEED_HEADERS = {
  'Content-Type': 'application/x-ndjson',
  'Content-Disposition': 'attachment; filename="ground-truth-changes.jsonl"',
};
/** An answer of the feed ends after about so many bytes. */
const MAX_FEED_BYTES = 256 * 1024 * 1024;

/** The name in the access log if the server requires no key. */
const ANONYMOUS = 'anonymous';

/** Sends an export over HTTP, and records its outcome in metrics, the server's log and the access log. */
@Injectable()
export class ExportDownload {
  private readonly logger = new Logger('Export');

  constructor(
    private readonly exports: RecordedExportService,
    private readonly feed: FeedService,
    private readonly transfers: Transfers,
    private readonly metrics: Metrics,
  ) {}

  /** @throws any failure; if bytes have been sent already, the error filter resets the connection */
  async send(filter: CorpusFilter, request: Request, response: Response): Promise<void> {
    const transfer = this.transfers.begin(response);
    try {
      const recorded = await this.exports.begin(byOf(request), filter, { signal: transfer.signal });
      await this.sendRecorded(recorded, transfer, request, CORPUS_HEADERS);
    } finally {
      transfer.close();
    }
  }

  /** Sends the feed likewise, or 304 if the client knows that there is nothing new. */
  async sendChanges(query: FeedQuery, request: Request, response: Response): Promise<void> {
    const transfer = this.transfers.begin(response);
    let feed: Feed | undefined;
    try {
      feed = await this.feed.open(query, { signal: transfer.signal, mostBytes: MAX_FEED_BYTES });
      const tag = entityTag(feed.head);
      response.setHeader('ETag', tag);
      if (feed.isUpToDate && request.get('if-none-match') === tag) {
        response.status(304).end();
        return;
      }
      const recorded = await this.exports.record(byOf(request), Object.assign({ feed: true }, query), feed);
      await this.sendRecorded(recorded, transfer, request, FEED_HEADERS);
    } catch (error) {
      // An error that the cut has caused needs no report.
      if (!transfer.signal.aborted) throw error;
    } finally {
      feed?.close();
      transfer.close();
    }
  }

  private async sendRecorded(
    recorded: RecordedExport,
    transfer: Transfer,
    request: Request,
    headers: Record<string, string>,
  ): Promise<void> {
    try {
      await transfer.send({ ...headers, 'Export-Id': recorded.id }, recorded);
    } finally {
      await this.end(recorded, transfer, request);
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

function byOf(request: Request): { readonly who: string; readonly via: 'http' } {
  return { who: requesterOf(request)?.name ?? ANONYMOUS, via: 'http' };
}
