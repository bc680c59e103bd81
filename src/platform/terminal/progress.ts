import { type SingleBar } from 'cli-progress';
import cliProgress from 'cli-progress';
import { inGroups, inMegabytes } from './print.js';

/** The total, in the unit that is known beforehand. */
export type Total = { readonly samples: number } | { readonly bytes: number };

const UPDATES_PER_SECOND = 4;

/** Shows the progress of a run on standard error, if it is a terminal. */
export class Progress {
  private bar: SingleBar | undefined;
  private startedAt = 0;
  private total: Total | undefined;

  /** @param label the activity, such as `Exporting` */
  constructor(private readonly label: string) {}

  static get isShown(): boolean {
    return process.stderr.isTTY;
  }

  /** Without a total, neither the share done nor the time left is shown. Only the first call has an effect. */
  start(total?: Total): void {
    if (!Progress.isShown || this.bar) return;
    this.total = total;
    this.startedAt = performance.now();
    const left = ' {bar} {percentage}% | {eta_formatted} left |';
    this.bar = new cliProgress.SingleBar({
      format: `${this.label}${total ? left : ''} {samples} samples | {megabytes} MB | {rate} MB/s`,
      stream: process.stderr,
      fps: UPDATES_PER_SECOND,
      barsize: 24,
      barCompleteChar: '=',
      barIncompleteChar: '-',
      clearOnComplete: true,
      // `Interruption` handles signals.
      gracefulExit: false,
      etaBuffer: 50,
    });
    this.bar.start(total ? sizeOf(total) : 0, 0, this.describe(0, 0));
  }

  /** Sets the amounts so far. Cheap enough to be called for every block. */
  update(samples: number, bytes: number): void {
    this.bar?.update(this.total && 'bytes' in this.total ? bytes : samples, this.describe(samples, bytes));
  }

  /** Removes the line. */
  stop(): void {
    this.bar?.stop();
    this.bar = undefined;
  }

  private describe(samples: number, bytes: number): Record<string, string> {
    const seconds = Math.max((performance.now() - this.startedAt) / 1000, 0.001);
    return {
      samples: inGroups(samples),
      megabytes: inMegabytes(bytes),
      rate: inMegabytes(bytes / seconds),
    };
  }
}

function sizeOf(total: Total): number {
  return 'bytes' in total ? total.bytes : total.samples;
}
