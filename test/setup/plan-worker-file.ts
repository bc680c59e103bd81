import path from 'node:path';

/** In place of src/corpus/plan-worker-file.ts: a worker thread cannot load the sources, so it runs the build, as processes do. */
export const PLAN_WORKER = path.resolve(__dirname, '../../dist/src/corpus/plan.worker.js');
