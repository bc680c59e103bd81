import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ContentsRepository } from '../evidence/contents.repository.js';

const INTERVAL_MS = 10 * 60_000;

/** Deletes, as long as the server runs, contents to which no job refers. Commands that write do so, too. */
@Injectable()
export class ContentSweep implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Sources');
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly contents: ContentsRepository) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.running = this.sweep();
    }, INTERVAL_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /** The next round tries again. */
  private async sweep(): Promise<void> {
    await this.contents.sweep().catch((error: unknown) => {
      const name = error instanceof Error ? error.name : '';
      this.logger.warn({ message: `could not delete contents without a job: ${name}` });
    });
  }
}
