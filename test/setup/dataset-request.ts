import { INSTRUCTIONS } from '../../src/training/example.js';
import { LAYOUTS } from '../../src/training/layouts/layouts.js';
import { Ledger } from '../../src/training/ledger.js';
import { parseSplits, type Split } from '../../src/training/splits.js';
import { type DatasetRequest } from '../../src/training/write-dataset.js';

/** A request for a dataset with these splits, and else with the defaults of the command. */
export function datasetRequest(shares: string, given: Partial<DatasetRequest> = {}): DatasetRequest {
  const splits = parseSplits(shares) as readonly Split[];
  return {
    layout: LAYOUTS.trl,
    objective: 'sft',
    input: 'initial',
    instruction: INSTRUCTIONS.whole.initial,
    schema: undefined,
    answer: 'as-is',
    field: { path: [], isByRow: false },
    minEditRatio: 0,
    groupBy: 'none',
    nearDuplicates: 0.85,
    countTokens: undefined,
    maxTokens: Infinity,
    splits,
    ledger: Ledger.empty(splits.map(({ name }) => name)),
    flags: { 'near-duplicates': '0.85' },
    version: '1.2.3-test',
    ...given,
  };
}
