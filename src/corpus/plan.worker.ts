/** Runs in a worker thread: see Planner. */
import { inThread } from '../platform/threads.js';
import { ReplayService } from '../replay/replay.service.js';
import {
  type EditRequest,
  planEdits as planEditsHere,
  planResult as planResultHere,
  resolvePaths as resolvePathsHere,
} from './plan.js';

/** Compact JSON texts. */
export interface ResultTask {
  readonly current: Buffer;
  readonly wanted: Buffer;
}

export interface EditsTask {
  readonly current: Buffer;
  readonly requests: readonly EditRequest[];
  readonly isList: boolean;
}

export interface PathsTask {
  /** Compact JSON text. */
  readonly result: Buffer;
  readonly paths: readonly string[];
}

const replay = new ReplayService();

export const planResult = inThread(({ current, wanted }: ResultTask) =>
  planResultHere(current, wanted, replay),
);

export const planEdits = inThread(({ current, requests, isList }: EditsTask) =>
  planEditsHere(current, requests, isList, replay),
);

export const resolvePaths = inThread(({ result, paths }: PathsTask) => resolvePathsHere(result, paths));
