import { ExportService } from '../../src/ground-truth/export.service.js';
import { withApplication } from '../application.js';
import { measure, type Measurement } from '../measurement.js';

/** The export to a sink that does nothing. */
export async function service(): Promise<Measurement[]> {
  return withApplication(async (app) => {
    const corpus = app.get(ExportService).export({ approved_only: false });
    return [
      await measure('service', async () => {
        let bytes = 0;
        for await (const block of corpus) bytes += block.length;
        return { bytes, samples: corpus.progress.samples };
      }),
    ];
  });
}
