import { type Measurement } from './measurement.js';

/** What several runs have found out about one thing: times of all of them, the most memory of any. */
interface Finding extends Measurement {
  readonly median: number;
}

const EXPORTS = ['floor', 'service', 'recorded', 'cli', 'http', 'typeorm', 'typeorm-two-finds'];
const IMPORT = 'import';

/** Medians and ratios of all measurements, as Markdown. */
export function report(measurements: readonly Measurement[]): string {
  const findings = summarise(measurements);
  const floor = findings.find(({ name }) => name === 'floor');
  const throughput = findings.filter(({ name }) => EXPORTS.includes(name) || name === IMPORT);
  const others = findings.filter((finding) => !throughput.includes(finding));
  return [
    table(
      ['', 's', '× floor', 'samples/s', 'MB/s', 'µs/sample', 'RSS before', 'RSS peak', 'more'],
      throughput.map((finding) => throughputRow(finding, floor)),
    ),
    table(
      ['', 'median ms', 'worst ms', 'tries', 'RSS peak'],
      others.filter(({ name }) => name !== 'slow reader').map(delayRow),
    ),
    ...sentences(findings),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function summarise(measurements: readonly Measurement[]): Finding[] {
  const names = new Set(measurements.map(({ name }) => name));
  return [...names].map((name) => {
    const all = measurements.filter((measurement) => measurement.name === name);
    const seconds = all.flatMap((measurement) => measurement.seconds);
    const peaks = all.flatMap(({ peakRss }) => peakRss ?? []);
    const befores = all.flatMap(({ rssBefore }) => rssBefore ?? []);
    return {
      ...all[0]!,
      seconds,
      median: median(seconds),
      ...(befores.length > 0 && { rssBefore: median(befores) }),
      ...(peaks.length > 0 && { peakRss: Math.max(...peaks) }),
    };
  });
}

function throughputRow(finding: Finding, floor: Finding | undefined): string[] {
  const { name, median: seconds, bytes = 0, samples = 0, rssBefore, peakRss } = finding;
  return [
    name,
    seconds.toFixed(2),
    floor && name !== IMPORT ? (seconds / floor.median).toFixed(2) : '',
    inGroups(samples / seconds),
    inGroups(bytes / seconds / 1e6),
    ((seconds / samples) * 1e6).toFixed(1),
    megabytes(rssBefore),
    megabytes(peakRss),
    rssBefore === undefined || peakRss === undefined ? '' : `+${megabytes(peakRss - rssBefore)}`,
  ];
}

function delayRow({ name, median: seconds, seconds: all, peakRss }: Finding): string[] {
  const worst = Math.max(...all);
  return [name, milliseconds(seconds), milliseconds(worst), String(all.length), megabytes(peakRss)];
}

function sentences(findings: readonly Finding[]): string[] {
  const found = (name: string) => findings.find((finding) => finding.name === name);
  const service = found('service');
  const slow = found('slow reader');
  const said: string[] = [];
  for (const name of ['typeorm', 'typeorm-two-finds']) {
    const plain = found(name);
    if (service && plain)
      said.push(`The service is ${(plain.median / service.median).toFixed(1)} × as fast as ${name}.`);
  }
  if (slow?.rssBefore !== undefined && slow.peakRss !== undefined)
    said.push(
      `A reader at 1 MB/s: the server held at most ${megabytes(slow.rssBefore)} in the first 5 s, ` +
        `${megabytes(slow.peakRss)} in the ${(slow.median - 5).toFixed(0)} s after.`,
    );
  return said.map((sentence) => `${sentence}\n`);
}

/** First column to the left, numbers to the right, as Prettier writes tables. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [line(head), line(rule), ...rows.map(line), ''].join('\n');
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? 'n/a' : `${Math.round(bytes / 1e6)} MB`;
}

export function milliseconds(seconds: number): string {
  return seconds < 0.1 ? (seconds * 1000).toFixed(1) : (seconds * 1000).toFixed(0);
}

export function inGroups(amount: number): string {
  return Math.round(amount).toLocaleString('en-US');
}
