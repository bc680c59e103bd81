import { setTimeout as sleep } from 'node:timers/promises';
import { type Client } from './client.js';
import {
  crowdExports,
  cutExport,
  exportAll,
  exportByCommand,
  exportSlowly,
  exportSome,
  exportWindow,
  leaveExport,
} from './exports.js';
import { postBatch, postJob } from './ingest.js';
import { readQueue, readSample, readStatistics, readTrail } from './reading.js';
import { askWithoutRight, askWrongly } from './refusals.js';
import { contest, correctJob, correctWrongly, decide, putResult } from './review.js';
import { Unexpected } from './tally.js';

/** What a client does next, by how often of a thousand times. */
const ACTIONS: readonly { readonly weight: number; readonly act: (client: Client) => Promise<void> }[] = [
  { weight: 90, act: exportSome },
  { weight: 60, act: exportWindow },
  { weight: 40, act: leaveExport },
  { weight: 12, act: exportSlowly },
  { weight: 6, act: exportAll },
  { weight: 5, act: cutExport },
  { weight: 3, act: exportByCommand },
  { weight: 2, act: crowdExports },
  { weight: 60, act: readStatistics },
  { weight: 110, act: readSample },
  { weight: 90, act: readQueue },
  { weight: 40, act: readTrail },
  { weight: 150, act: correctJob },
  { weight: 80, act: contest },
  { weight: 40, act: correctWrongly },
  { weight: 50, act: putResult },
  { weight: 60, act: decide },
  { weight: 40, act: postJob },
  { weight: 12, act: postBatch },
  { weight: 25, act: askWithoutRight },
  { weight: 25, act: askWrongly },
];

/** Between two things that a client does: two cores are to be busy, and not drowned. */
const THINK_MS = { least: 30, most: 300 };

/** Does one thing after the other until `isOver`; what goes wrong is counted. */
export async function keepAsking(client: Client, isOver: () => boolean): Promise<void> {
  const { random, load } = client;
  while (!isOver()) {
    const { act } = random.weighted(ACTIONS);
    try {
      await act(client);
    } catch (error) {
      if (!(error instanceof Unexpected))
        load.tally.fault(act.name, 'failed', error instanceof Error ? (error.stack ?? '') : '');
    }
    await sleep(random.between(THINK_MS.least, THINK_MS.most));
  }
}
