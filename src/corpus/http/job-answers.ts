import { Injectable } from '@nestjs/common';
import { type Response } from 'express';
import { entityTag } from '../../platform/http/conditions.js';
import { sendJson } from '../../platform/http/json.js';
import { Threads } from '../../platform/threads.js';
import { currentFields } from '../current-fields.js';
import { type JobRecord, jobText, versionOf } from '../job-record.js';

/** Fields and trails that are longer, in bytes, are traced in a worker thread. */
const MAX_BYTES = 128 * 1024;

/** Sends jobs. */
@Injectable()
export class JobAnswers {
  constructor(private readonly threads: Threads) {}

  /** Sends the job, with its version as `ETag`. */
  async send(response: Response, status: number, job: JobRecord): Promise<void> {
    const { evidence } = job;
    const fields =
      evidence.fields.length + evidence.moves.length <= MAX_BYTES
        ? currentFields(evidence)
        : await this.threads.run<Buffer>('corpus/http/body.worker', 'currentFields', evidence);
    response.setHeader('ETag', entityTag(versionOf(job)));
    sendJson(response, status, jobText(job, fields));
  }
}
