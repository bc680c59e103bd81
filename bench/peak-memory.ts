import { writeFileSync } from 'node:fs';
import { ownMemory } from './memory.js';

/**
 * Preloaded into a process (`node --import`): leaves its peak memory in a file when it ends, since nobody can ask a
 * process that is gone.
 */
const file = process.env.BENCH_PEAK_FILE;
if (file !== undefined) {
  process.on('exit', () => {
    writeFileSync(file, String(ownMemory().peak));
  });
}
