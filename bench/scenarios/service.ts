import { ExportService } from '../../src/ground-truth/export.service.js';
import { RecordedExportService } from '../../src/ground-truth/recorded-export.service.js';
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

/** The same with an entry in the access log and the digest that goes into it, as every export that leaves the house has. */
export async function recorded(): Promise<Measurement[]> {
  return withApplication(async (app) => {
    const by = { who: 'bench', via: 'cli' } as const;
    const recordedExport = await app.get(RecordedExportService).begin(by, { approved_only: false });
    return [
      await measure('recorded', async () => {
        let bytes = 0;
        for await (const block of recordedExport) bytes += block.length;
        await recordedExport.end('complete');
        return { bytes, samples: recordedExport.corpus.progress.samples };
      }),
    ];
  });
}
