import { readdirSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { secondsSince } from '../measurement.js';
import { median } from '../report.js';
import { OURS, pause, type Stand } from './stand.js';

/** The server at one moment. NaN is what the system does not tell. */
export interface Sighting {
  /** Seconds of the load. */
  readonly at: number;
  /** Resident memory, in bytes. */
  readonly rss: number;
  readonly descriptors: number;
  /** Of everybody to the database, but for our own. */
  readonly connections: number;
  readonly transfers: number;
  /** Of the time since the sighting before, in seconds. */
  readonly lag: number;
}

const INTERVAL_MS = 2_000;

/** Looks at the server every few seconds. */
export class Watch {
  readonly sightings: Sighting[] = [];
  private readonly start = performance.now();

  constructor(private readonly stand: Stand) {}

  /** Until `signal` says so, or so many seconds of the load are over. */
  async keepLooking(signal: AbortSignal, seconds = Infinity): Promise<void> {
    do this.sightings.push(await this.look());
    while ((await pause(INTERVAL_MS, signal)) && secondsSince(this.start) < seconds);
  }

  /** Of what was seen from one second of the load to another. */
  medianRss(from: number, to: number): number {
    return median(this.sightings.filter(({ at }) => at >= from && at < to).map(({ rss }) => rss));
  }

  most(of: Exclude<keyof Sighting, 'at'>): number {
    return Math.max(...this.sightings.map((sighting) => sighting[of]));
  }

  private async look(): Promise<Sighting> {
    const { server, pool, keys } = this.stand;
    const { rows } = await pool.query<{ count: number }>(
      `select count(*)::int as count from pg_stat_activity
       where backend_type = 'client backend' and application_name <> $1`,
      [OURS],
    );
    const response = await fetch(`${server.url}/metrics`, {
      headers: { authorization: `Bearer ${keys.metrics}` },
    });
    const metrics = await response.text();
    return {
      at: secondsSince(this.start),
      rss: server.memory()?.now ?? NaN,
      descriptors: descriptorsOf(server.pid),
      connections: rows[0]!.count,
      transfers: valueOf(metrics, 'ground_truth_transfers_running'),
      lag: valueOf(metrics, 'nodejs_eventloop_lag_p99_seconds'),
    };
  }
}

function descriptorsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return NaN;
  }
}

function valueOf(metrics: string, name: string): number {
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1] ?? NaN);
}
