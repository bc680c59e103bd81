import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import { serve } from './serve.js';
import { ExitCode, reportFailure } from './platform/terminal/failure.js';
import { printNote } from './platform/terminal/print.js';

const words = process.argv.slice(2).join(' ');
if (words === '') {
  try {
    await serve();
  } catch (error) {
    process.exitCode = reportFailure(error);
  }
} else {
  const cli = fileURLToPath(new URL('cli.js', import.meta.url));
  printNote(
    `ground-truth: main.js takes no arguments, but was given ${words}; set HOST and PORT, or use: ${cli} serve ${words}`,
  );
  process.exitCode = ExitCode.WrongUsage;
}
