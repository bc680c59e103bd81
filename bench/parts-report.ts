import { type Measurement } from './measurement.js';
import { inGroups, megabytes, table } from './report-text.js';

/** Half the cores read, so that PostgreSQL has the others. */
const CORES = 16;

/** What an export in parts takes, and what it would give on a machine with more cores. */
export function partsReport(findings: readonly (Measurement & { readonly median: number })[]): string {
  const [first] = findings;
  if (!first) return '';
  const cost = (finding: Measurement) => finding.cpu!.program + finding.cpu!.server;
  const perSample = (finding: Measurement) => cost(finding) / finding.samples!;
  const last = findings.at(-1)!;
  const samples = CORES / perSample(last);
  const rows = findings.map((finding) => [
    `parts, ${finding.name}`,
    finding.median.toFixed(2),
    finding.cpu!.program.toFixed(2),
    finding.cpu!.server.toFixed(2),
    (perSample(finding) * 1e6).toFixed(1),
    (cost(finding) / cost(first)).toFixed(2),
    megabytes(finding.peakRss),
  ]);
  return [
    table(['', 's', 'CPU s', 'PostgreSQL CPU s', 'CPU µs/sample', '× 1 reader', 'RSS peak'], rows),
    `Calculated, not measured: ${CORES} cores that all work at that cost give ${inGroups(samples)} samples/s, ` +
      `${inGroups((samples * last.bytes!) / last.samples! / 1e6)} MB/s.\n`,
  ].join('\n');
}
