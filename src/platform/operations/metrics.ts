import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type ExportOutcome } from '../access/access-log.js';
import { findDatabaseMode } from '../database/database-mode.js';
import { findFeedLag } from '../database/feed-lag.js';
import { GroundTruthDataSource } from '../database/ground-truth-data-source.js';
import { Transfers } from '../http/transfers.js';

/** The amounts of an export that were sent. */
export interface SentExport {
  readonly outcome: ExportOutcome;
  readonly samples: number;
  readonly diverged: number;
  readonly bytes: number;
}

/** Buckets in seconds, from a lookup to an export that takes hours. */
const DURATIONS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800];

/** The metrics of the server, for Prometheus. docs/operations.md explains each of them. */
@Injectable()
export class Metrics {
  private readonly registry = new Registry();

  private readonly requests = new Counter({
    name: 'ground_truth_http_requests_total',
    help: 'Requests that were answered or aborted',
    labelNames: ['method', 'route', 'status'],
    registers: [this.registry],
  });
  private readonly durations = new Histogram({
    name: 'ground_truth_http_request_duration_seconds',
    help: 'Seconds from the first byte of a request to the last byte of its response',
    labelNames: ['method', 'route'],
    buckets: DURATIONS,
    registers: [this.registry],
  });
  private readonly samples = new Counter({
    name: 'ground_truth_export_samples_total',
    help: 'Samples sent over HTTP',
    registers: [this.registry],
  });
  private readonly diverged = new Counter({
    name: 'ground_truth_export_diverged_samples_total',
    help: 'Samples sent over HTTP whose trail does not lead back exactly',
    registers: [this.registry],
  });
  private readonly bytes = new Counter({
    name: 'ground_truth_export_bytes_total',
    help: 'Bytes of corpora sent over HTTP, before compression',
    registers: [this.registry],
  });
  private readonly exports = new Counter({
    name: 'ground_truth_exports_total',
    help: 'Exports over HTTP that have ended, by outcome; all but complete were aborted',
    labelNames: ['outcome'],
    registers: [this.registry],
  });

  constructor(transfers: Transfers, dataSource: GroundTruthDataSource) {
    const { registry } = this;
    new Gauge({
      name: 'ground_truth_transfers_running',
      help: 'Running exports, batches and long reads',
      registers: [registry],
      collect() {
        this.set(transfers.count);
      },
    });
    new Gauge({
      name: 'ground_truth_database_connections',
      help: 'Connections of the pool in use and idle, and requests waiting for one',
      labelNames: ['state'],
      registers: [registry],
      collect() {
        const { totalCount, idleCount, waitingCount } = dataSource.pool;
        this.set({ state: 'used' }, totalCount - idleCount);
        this.set({ state: 'idle' }, idleCount);
        this.set({ state: 'waiting' }, waitingCount);
      },
    });
    new Gauge({
      name: 'ground_truth_feed_waiting_seconds',
      help: 'Seconds since the oldest change that an open transaction holds back from the feed; 0 if there is none',
      registers: [registry],
      async collect() {
        // Without an answer of the database, the figure is missing, not 0.
        this.reset();
        const lag = await findFeedLag(dataSource).catch(() => null);
        if (lag !== null) this.set(lag?.waiting ?? 0);
      },
    });
    new Gauge({
      name: 'ground_truth_database_read_only',
      help: '1 if the database can only be read: a replica, or set so; else 0',
      registers: [registry],
      async collect() {
        this.reset();
        const found = await findDatabaseMode(dataSource).catch(() => undefined);
        if (found) this.set(found.mode === 'read-write' ? 0 : 1);
      },
    });
    new Gauge({
      name: 'ground_truth_replay_lag_seconds',
      help: 'Of a replica: seconds since the last transaction that it has replayed; 0 if it has replayed all that it has received',
      registers: [registry],
      async collect() {
        this.reset();
        const found = await findDatabaseMode(dataSource).catch(() => undefined);
        if (found?.replay_lag_seconds != null) this.set(found.replay_lag_seconds);
      },
    });
    collectDefaultMetrics({ register: registry });
  }

  countRequest(method: string, route: string, status: number | 'none', seconds: number): void {
    this.requests.inc({ method, route, status });
    this.durations.observe({ method, route }, seconds);
  }

  countExport({ outcome, samples, diverged, bytes }: SentExport): void {
    this.exports.inc({ outcome });
    this.samples.inc(samples);
    this.diverged.inc(diverged);
    this.bytes.inc(bytes);
  }

  /** Returns all metrics in Prometheus text format, and its media type. */
  async expose(): Promise<{ mediaType: string; text: string }> {
    return { mediaType: this.registry.contentType, text: await this.registry.metrics() };
  }
}
