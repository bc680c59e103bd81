import 'reflect-metadata';
import { serve } from './serve.js';
import { reportFailure } from './platform/terminal/failure.js';

try {
  await serve();
} catch (error) {
  process.exitCode = reportFailure(error);
}
