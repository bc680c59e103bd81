import { inGroups, printable } from '../../platform/terminal/print.js';
import { type Statistics } from '../statistics-query.js';
import { type UnsoundJob, type Verification } from '../verify.service.js';
import { counted } from '../../platform/counted.js';

/** Counts as text, one a line, aligned. */
function countLines(counts: readonly (readonly [name: string, count: number])[]): string[] {
  const nameWidth = Math.max(...counts.map(([name]) => name.length));
  const countWidth = Math.max(...counts.map(([, count]) => inGroups(count).length));
  return counts.map(([name, count]) => `${name.padEnd(nameWidth)}  ${inGroups(count).padStart(countWidth)}`);
}

/** Statistics as text, aligned. Field paths come last because they may be long. */
export function statisticsText(statistics: Statistics): string {
  const { top_corrected_fields: fields, producers, weeks = [] } = statistics;
  const lines = countLines([
    ['jobs', statistics.total_jobs],
    ['  approved', statistics.approved_jobs],
    ['  with corrections', statistics.jobs_with_corrections],
    ['corrections', statistics.total_corrections],
  ]);
  if (fields.length > 0) lines.push('', 'most corrected fields', ...fieldLines(fields));
  if (producers.length > 0) lines.push('', 'producers: jobs, corrections', ...producerLines(producers));
  if (weeks.length > 0) lines.push('', 'week from: corrections, approvals', ...weekLines(weeks));
  return `${lines.join('\n')}\n`;
}

function fieldLines(fields: Statistics['top_corrected_fields']): string[] {
  const width = inGroups(fields[0]!.count).length;
  return fields.map(({ field_path, count }) => `  ${inGroups(count).padStart(width)}  ${nameOf(field_path)}`);
}

/** The most characters of a producer. */
const MAX_PRODUCER_LENGTH = 100;

function producerLines(producers: Statistics['producers']): string[] {
  const width = (name: 'jobs' | 'corrections') =>
    Math.max(...producers.map((producer) => inGroups(producer[name]).length));
  const [ofJobs, ofCorrections] = [width('jobs'), width('corrections')];
  return producers.map(({ sha256, producer, jobs, corrections }) => {
    const text = printable(producer);
    const shown = text.length <= MAX_PRODUCER_LENGTH ? text : `${text.slice(0, MAX_PRODUCER_LENGTH - 1)}…`;
    const counts = `${inGroups(jobs).padStart(ofJobs)}  ${inGroups(corrections).padStart(ofCorrections)}`;
    return `  ${counts}  ${sha256.slice(0, 12)}  ${shown}`;
  });
}

function weekLines(weeks: NonNullable<Statistics['weeks']>): string[] {
  const width = (name: 'corrections' | 'approvals') =>
    Math.max(...weeks.map((week) => inGroups(week[name]).length));
  const [ofCorrections, ofApprovals] = [width('corrections'), width('approvals')];
  return weeks.map(
    ({ week, corrections, approvals }) =>
      `  ${week}  ${inGroups(corrections).padStart(ofCorrections)}  ${inGroups(approvals).padStart(ofApprovals)}`,
  );
}

/** The empty path is the whole document. */
function nameOf(fieldPath: string): string {
  return fieldPath === '' ? '(the whole document)' : printable(fieldPath);
}

/** A verification as text: the jobs that are not sound, then the counts. */
export function verificationText(verification: Verification): string {
  const { jobs, exact, diverged, digest_differs, without_digest, contents, contents_differ } = verification;
  const lines = countLines([
    ['jobs', jobs],
    ['  exact', exact],
    ['    without digest', without_digest],
    ['  diverged', diverged],
    ['  digest differs', digest_differs],
    ...(contents === 0
      ? []
      : ([
          ['contents of sources', contents],
          ['  digest differs', contents_differ],
        ] as const)),
  ]);
  return `${[...unsoundLines(verification), ...damagedLines(verification), ...lines].join('\n')}\n`;
}

function unsoundLines({ diverged, digest_differs, unsound }: Verification): string[] {
  if (unsound.length === 0) return [];
  const more = diverged + digest_differs - unsound.length;
  return [
    ...unsound.map((job) => `${job.job_id}  ${describe(job)}`),
    ...(more > 0 ? [`and ${counted(more, 'more job')}`] : []),
    '',
  ];
}

function damagedLines({ contents_differ, damaged }: Verification): string[] {
  if (damaged.length === 0) return [];
  const more = contents_differ - damaged.length;
  return [
    ...damaged.map((sha256) => `content ${sha256}  digest differs`),
    ...(more > 0 ? [`and ${counted(more, 'more content')}`] : []),
    '',
  ];
}

function describe(job: UnsoundJob): string {
  return job.problem === 'diverged' ? `correction ${job.correction}: ${job.reason}` : 'digest differs';
}
