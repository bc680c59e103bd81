import { Injectable } from '@nestjs/common';
import { type Response } from 'express';
import { entityTag } from '../../platform/http/conditions.js';
import { sendJson } from '../../platform/http/json.js';
import { Threads } from '../../platform/threads.js';
import { currentFields } from '../current-fields.js';
import { type JobRecord, jobText, versionOf } from '../job-record.js';
import { type LeasedJob } from '../leases.repository.js';

/** Fields and trails that are longer, in bytes, are traced in a worker thread. */
const MAX_BYTES = 128 * 1024;

/** Sends jobs, each with its version as `ETag`. */
@Injectable()
export class JobAnswers {
  constructor(private readonly threads: Threads) {}

  async send(response: Response, status: number, job: JobRecord): Promise<void> {
    const text = await this.textOf(job);
    response.setHeader('ETag', entityTag(versionOf(job)));
    sendJson(response, status, text);
  }

  /** Sends a job that was handed out, with its lease. */
  async sendLeased(response: Response, { job, lease }: LeasedJob): Promise<void> {
    const text = await this.textOf(job);
    response.setHeader('ETag', entityTag(versionOf(job)));
    const [before, after] = ['{"job":', `,"lease":${JSON.stringify(lease)}}`];
    sendJson(response, 200, Buffer.concat([Buffer.from(before), text, Buffer.from(after)]));
  }

  private async textOf(job: JobRecord): Promise<Buffer> {
    const { evidence } = job;
    const fields =
      evidence.fields.length + evidence.moves.length <= MAX_BYTES
        ? currentFields(evidence)
        : await this.threads.run<Buffer>('corpus/http/body.worker', 'currentFields', evidence);
    return jobText(job, fields);
  }
}
