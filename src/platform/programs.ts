import { fileURLToPath } from 'node:url';

/** The folder of the build, which has the programs of worker threads. */
export const PROGRAMS = fileURLToPath(new URL('..', import.meta.url)).replace(/[/\\]$/, '');
