import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Json } from '../json-text/changed-leaves.js';
import { ratio, summarize } from '../json-text/derived-corrections.js';
import { linesOf } from '../setup/corpus.js';
import { describeReal } from './real-data.js';

interface Sample {
  readonly initial_result: Json;
  readonly final_result: Json;
}

describeReal('corrections derived from real documents', (folder) => {
  it.each(['library-cards.jsonl', 'cord-receipts.jsonl'])(
    'change few more leaves than the least, in both directions: %s',
    (name) => {
      const samples = linesOf(readFileSync(path.join(folder, name), 'utf8')).map(
        (line) => JSON.parse(line) as Sample,
      );
      const { within, worst } = summarize(
        samples.flatMap(({ initial_result, final_result }) => [
          ratio(initial_result, final_result),
          ratio(final_result, initial_result),
        ]),
      );
      process.stdout.write(
        `${name}: ${(100 * within).toFixed(1)}% within 1.25 of the least change; worst ${worst.toFixed(2)}\n`,
      );
      expect(within).toBeGreaterThanOrEqual(0.95);
      expect(worst).toBeLessThanOrEqual(2);
    },
  );
});
