import path from 'node:path';

/** In place of src/platform/programs.ts: a worker thread cannot load the sources, so it runs the build, as processes do. */
export const PROGRAMS = path.resolve(__dirname, '../../dist/src');
