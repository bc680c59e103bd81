import { Injectable } from '@nestjs/common';
import { Threads } from '../../platform/threads.js';
import { type Evidence } from '../evidence/evidence.js';
import { type EvidenceTask } from './body.worker.js';
import { type PipelineOutput } from '../import/pipeline-output.js';
import { type FlagRequest } from '../review-flags.js';
import {
  type AskedCorrections,
  readConfirmation,
  readCorrections,
  readEvidenceBody,
  readFlags,
  readOutput,
  type ReasonedResult,
  readReasonedResult,
  readResult,
} from './request-body.js';

/** Larger bodies are read in a worker thread. */
const MAX_BYTES = 512 * 1024;

/** Reads the bodies of requests, without holding up other requests. Throws what the functions of request-body.ts throw. */
@Injectable()
export class Bodies {
  constructor(private readonly threads: Threads) {}

  async output(body: Buffer): Promise<PipelineOutput> {
    return body.length <= MAX_BYTES ? readOutput(body) : this.read('readOutput', body);
  }

  /** @param initial the initial result, if JSON Pointers may occur */
  async evidence(body: Buffer, initial: Buffer | null): Promise<Evidence> {
    const task: EvidenceTask = { body, initial };
    return body.length <= MAX_BYTES
      ? readEvidenceBody(body, initial)
      : this.threads.run('corpus/http/body.worker', 'readEvidence', task);
  }

  async corrections(body: Buffer): Promise<AskedCorrections> {
    return body.length <= MAX_BYTES ? readCorrections(body) : this.read('readCorrections', body);
  }

  async result(body: Buffer): Promise<Buffer> {
    return body.length <= MAX_BYTES ? readResult(body) : this.read('readResult', body);
  }

  async reasonedResult(body: Buffer): Promise<ReasonedResult> {
    return body.length <= MAX_BYTES ? readReasonedResult(body) : this.read('readReasonedResult', body);
  }

  async flags(body: Buffer): Promise<FlagRequest> {
    return body.length <= MAX_BYTES ? readFlags(body) : this.read('readFlags', body);
  }

  async confirmation(body: Buffer): Promise<string[]> {
    return body.length <= MAX_BYTES ? readConfirmation(body) : this.read('readConfirmation', body);
  }

  private read<Result>(reader: string, body: Buffer): Promise<Result> {
    return this.threads.run('corpus/http/body.worker', reader, body);
  }
}
