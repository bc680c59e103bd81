import { ExportService } from '../../src/ground-truth/export.service.js';
import { withApplication } from '../application.js';
import { type Measurement, secondsOf } from '../measurement.js';

const TRIES = 3;

/** The statistics of the whole database. */
export async function statistics(): Promise<Measurement[]> {
  return withApplication(async (app) => {
    const exports = app.get(ExportService);
    const measurements: Measurement[] = [];
    for (const collapse_indices of [false, true]) {
      const seconds: number[] = [];
      for (let i = 0; i < TRIES; i++)
        seconds.push(await secondsOf(() => exports.statistics({ top_n: 10, collapse_indices })));
      measurements.push({ name: collapse_indices ? 'stats, collapsed' : 'stats', seconds });
    }
    return measurements;
  });
}
