import { ReplayService } from '../replay/replay.service.js';
import { planResult, type ResultPlan } from './plan.js';

/** Compact JSON texts. */
export interface ResultTask {
  readonly current: Uint8Array;
  readonly wanted: Uint8Array;
}

const replay = new ReplayService();

/** Runs in a worker thread: see ResultPlanner. */
export default function planInWorker({ current, wanted }: ResultTask): ResultPlan {
  return planResult(asBuffer(current), asBuffer(wanted), replay);
}

/** A Buffer that is sent to another thread arrives as a plain array of bytes. */
export function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
