import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageFile } from './package-file.js';

const ROOT = fileURLToPath(packageFile('.'));
/** The folder in it that this file was built into: `build`, or, as part of a program, `dist`. */
const [BUILD] = path.relative(ROOT, fileURLToPath(import.meta.url)).split(path.sep);

/** The folder of the build, which has the programs of worker threads. */
export const PROGRAMS = path.join(ROOT, BUILD!, 'src');
