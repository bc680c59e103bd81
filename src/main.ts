import 'reflect-metadata';
import { serve } from './serve.js';
import { reportFailure } from './terminal/report-failure.js';

try {
  await serve();
} catch (error) {
  process.exitCode = reportFailure(error);
}
