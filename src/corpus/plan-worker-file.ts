/** The worker thread's program, which is loaded from a file of its own. */
export const PLAN_WORKER = new URL('./plan.worker.js', import.meta.url).href;
