import { type Measurement } from './measurement.js';
import { partsReport } from './parts-report.js';
import { inGroups, median, megabytes, milliseconds, table } from './report-text.js';

const THROUGHPUT = [
  'import',
  'floor',
  'service',
  'recorded',
  'cli',
  'http',
  'changes: all',
  'typeorm',
  'dataset, no near-duplicates',
  'dataset',
];

type Finding = ReturnType<typeof summarise>[number];

/** Medians and ratios of all measurements, as Markdown. */
export function report(measurements: readonly Measurement[]): string {
  const findings = summarise(measurements);
  const find = (wanted: string) => findings.find(({ name }) => name === wanted);
  const [service, typeorm, slow] = [find('service'), find('typeorm'), find('slow reader')];
  const throughput = findings.filter(({ name }) => THROUGHPUT.includes(name));
  const inParts = findings.filter(({ cpu }) => cpu !== undefined);
  const apart = new Set([...throughput, ...inParts, slow]);
  const delays = findings.filter((finding) => !apart.has(finding));
  return [
    table(
      ['', 's', '× floor', 'samples/s', 'MB/s', 'µs/sample', 'RSS before', 'RSS peak', 'more'],
      throughput.map((finding) => throughputRow(finding, find('floor'))),
    ),
    table(
      ['', 'median ms', 'worst ms', 'tries', 'RSS peak'],
      delays.map(({ name, seconds, median: usual, peakRss }) => {
        const worst = milliseconds(Math.max(...seconds));
        return [name, milliseconds(usual), worst, String(seconds.length), megabytes(peakRss)];
      }),
    ),
    partsReport(inParts),
    service && typeorm
      ? `The service is ${(typeorm.median / service.median).toFixed(1)} × as fast as typeorm.\n`
      : '',
    slow?.peakRss === undefined
      ? ''
      : `A reader at 1 MB/s: the server held at most ${megabytes(slow.rssBefore)} in the first 5 s, ` +
        `${megabytes(slow.peakRss)} in the ${(slow.median - 5).toFixed(0)} s after.\n`,
  ]
    .filter((part) => part !== '')
    .join('\n');
}

/** Combines the runs of each measurement: all times, the median memory before, the highest peak. */
function summarise(measurements: readonly Measurement[]) {
  return [...new Set(measurements.map(({ name }) => name))].map((wanted) => {
    const all = measurements.filter(({ name }) => name === wanted);
    const seconds = all.flatMap((measurement) => measurement.seconds);
    const befores = all.flatMap(({ rssBefore }) => rssBefore ?? []);
    const peaks = all.flatMap(({ peakRss }) => peakRss ?? []);
    const rssBefore = befores.length > 0 ? median(befores) : undefined;
    const peakRss = peaks.length > 0 ? Math.max(...peaks) : undefined;
    return { ...all[0]!, seconds, median: median(seconds), rssBefore, peakRss };
  });
}

function throughputRow(finding: Finding, floor: Finding | undefined): string[] {
  const { name, median: seconds, bytes = 0, samples = 0, rssBefore, peakRss } = finding;
  return [
    name,
    seconds.toFixed(2),
    floor && name !== 'import' ? (seconds / floor.median).toFixed(2) : '',
    inGroups(samples / seconds),
    inGroups(bytes / seconds / 1e6),
    ((seconds / samples) * 1e6).toFixed(1),
    megabytes(rssBefore),
    megabytes(peakRss),
    rssBefore === undefined || peakRss === undefined ? '' : `+${megabytes(peakRss - rssBefore)}`,
  ];
}
