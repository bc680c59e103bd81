import { inGroups, megabytes, median, milliseconds, table } from '../report.js';
import { type Claim, type Findings } from './claims.js';
import { type Count } from './tally.js';

const VERDICTS = new Map<boolean | undefined, string>([
  [true, 'PASS'],
  [false, 'FAIL'],
  [undefined, 'not judged'],
]);

/** All that was found out, as Markdown. */
export function soakReport(findings: Findings, claims: readonly Claim[]): string {
  const { tally } = findings.load;
  const kinds = [...tally.kinds].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    table(
      ['', 'requests', 'median ms', 'p99 ms', 'provoked', 'unprovoked'],
      [...kinds.map(([kind, count]) => countRow(kind, count)), totalRow([...tally.kinds.values()])],
    ),
    table(['', 'figure'], figures(findings)),
    table(
      ['Claim', 'verdict', 'figures'],
      claims.map(({ what, holds, figures }) => [what, VERDICTS.get(holds)!, figures]),
    ),
    faultLines(findings),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function countRow(kind: string, { seconds, provoked, unprovoked }: Count): string[] {
  const none = seconds.length === 0;
  return [
    kind,
    inGroups(seconds.length + unprovoked),
    none ? '' : milliseconds(median(seconds)),
    none ? '' : milliseconds(percentile(seconds, 0.99)),
    inGroups(provoked),
    inGroups(unprovoked),
  ];
}

function totalRow(counts: readonly Count[]): string[] {
  const sum = (of: (count: Count) => number) =>
    inGroups(counts.reduce((total, count) => total + of(count), 0));
  return [
    'all',
    sum(({ seconds, unprovoked }) => seconds.length + unprovoked),
    '',
    '',
    sum(({ provoked }) => provoked),
    sum(({ unprovoked }) => unprovoked),
  ];
}

function figures({ load, watch, idle, rest, seconds }: Findings): string[][] {
  const { tally } = load;
  const lags = watch.sightings.map(({ lag }) => lag);
  return [
    ['load', `${(seconds / 60).toFixed(1)} min`],
    ['samples exported', inGroups(tally.samples)],
    ['exported', `${inGroups(tally.bytes / 1e6)} MB`],
    ['RSS before', megabytes(idle.rss)],
    ['RSS after a minute', megabytes(watch.sightings.findLast(({ at }) => at <= 60)?.rss)],
    ['RSS at its peak', megabytes(watch.most('rss'))],
    ['RSS at the end of the load', megabytes(watch.sightings.at(-1)!.rss)],
    ['RSS at rest', megabytes(rest.rss)],
    ['event loop, p99 of lag: median', `${milliseconds(median(lags))} ms`],
    ['event loop, p99 of lag: worst', `${milliseconds(Math.max(...lags))} ms`],
  ];
}

/** Names of faults and what was said of them; nothing of a document is in either. */
function faultLines({ load, log }: Findings): string {
  const lines = [...load.tally.faults].flatMap(([name, { count, examples }]) => [
    `- ${inGroups(count)} × ${name}`,
    ...examples.map((example) => `  - ${example}`),
  ]);
  const said = log.examples.map((line) => `- the server said: ${line}`);
  return [...lines, ...said].map((line) => `${line}\n`).join('');
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * share) - 1]!;
}
