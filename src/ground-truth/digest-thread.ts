import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { Injectable } from '@nestjs/common';

/** Whoever digests less is done before a thread would have begun. */
const WORTH_A_THREAD = 4 * 1024 * 1024;
/** What waits to be digested stands in shared memory: copies that go as messages would pile up until they are collected. */
const SLOT_SIZE = 512 * 1024;
const SLOTS = 8;

/** As text, because a thread needs a file otherwise, and tests run on other files than the build. */
const PROGRAM = `
  const { createHash } = require('node:crypto');
  const { parentPort, workerData } = require('node:worker_threads');
  const digests = new Map();
  parentPort.on('message', ({ id, slot, length }) => {
    const digest = digests.get(id) ?? createHash('sha256');
    digests.set(id, digest);
    if (slot !== undefined) {
      digest.update(new Uint8Array(workerData, slot * ${SLOT_SIZE}, length));
      parentPort.postMessage({ id, slot });
      return;
    }
    digests.delete(id);
    parentPort.postMessage({ id, sha256: digest.digest('hex') });
  });
`;

/** What the thread says: that a slot is free again, or what a digest has come to. */
interface News {
  readonly id: number;
  readonly slot?: number;
  readonly sha256?: string;
}

/**
 * Digests exports beside the work that makes them: in the same thread, SHA-256 would take a quarter of an export's time.
 * One thread serves the whole process, from the first export that is large enough.
 */
@Injectable()
export class DigestThread {
  private thread: Thread | undefined;

  /** A digest of nothing yet; whoever opens it ends it. */
  open(): Digest {
    return new Digest(() => {
      if (this.thread === undefined || this.thread.failure) this.thread = new Thread();
      return this.thread;
    });
  }
}

/** SHA-256 of blocks that come one after the other. */
export class Digest {
  /** What came until it was worth a thread. */
  private readonly first: Buffer[] = [];
  private bytes = 0;
  private inThread: { thread: Thread; id: number } | undefined;

  constructor(private readonly findThread: () => Thread) {}

  /** Takes the next block, which must not change before `end`. Resolves at once, unless too much waits already. */
  async update(block: Buffer): Promise<void> {
    if (this.inThread) {
      await this.inThread.thread.update(this.inThread.id, block);
      return;
    }
    this.first.push(block);
    this.bytes += block.length;
    if (this.bytes < WORTH_A_THREAD) return;
    const thread = this.findThread();
    this.inThread = { thread, id: thread.begin() };
    for (const earlier of this.first.splice(0)) await thread.update(this.inThread.id, earlier);
  }

  /** Of all blocks, in hexadecimal digits. To be called once. */
  async end(): Promise<string> {
    if (this.inThread) return this.inThread.thread.end(this.inThread.id);
    const digest = createHash('sha256');
    for (const block of this.first) digest.update(block);
    return digest.digest('hex');
  }
}

class Thread {
  failure: Error | undefined;
  private readonly memory = new SharedArrayBuffer(SLOTS * SLOT_SIZE);
  private readonly bytes = Buffer.from(this.memory);
  private readonly free = Array.from({ length: SLOTS }, (_, slot) => slot);
  private readonly worker = new Worker(PROGRAM, { eval: true, workerData: this.memory });
  private readonly results = new Map<number, string | undefined>();
  private waiting: (() => void)[] = [];
  private lastId = 0;

  constructor() {
    this.worker.on('message', ({ id, slot, sha256 }: News) => {
      if (slot === undefined) this.results.set(id, sha256);
      else this.free.push(slot);
      this.wakeAll();
    });
    this.worker.on('error', (error: Error) => {
      this.failure = error;
      this.wakeAll();
    });
  }

  begin(): number {
    const id = ++this.lastId;
    this.results.set(id, undefined);
    this.worker.ref();
    return id;
  }

  async update(id: number, block: Buffer): Promise<void> {
    if (this.failure) throw this.failure;
    for (let at = 0; at < block.length; at += SLOT_SIZE) {
      while (this.free.length === 0) await this.news();
      const slot = this.free.pop()!;
      const length = block.copy(this.bytes, slot * SLOT_SIZE, at, at + SLOT_SIZE);
      this.worker.postMessage({ id, slot, length });
    }
  }

  async end(id: number): Promise<string> {
    this.worker.postMessage({ id });
    try {
      let sha256 = this.results.get(id);
      while (sha256 === undefined) {
        await this.news();
        sha256 = this.results.get(id);
      }
      return sha256;
    } finally {
      this.results.delete(id);
      // It alone does not keep the process.
      if (this.results.size === 0) this.worker.unref();
    }
  }

  /** Resolves when the thread has got on; rejects when it has failed. */
  private async news(): Promise<void> {
    if (!this.failure)
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
      });
    if (this.failure) throw this.failure;
  }

  private wakeAll(): void {
    for (const wake of this.waiting.splice(0)) wake();
  }
}
