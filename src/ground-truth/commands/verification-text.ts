import { inGroups } from '../../terminal/numbers.js';
import { type UnsoundJob, type Verification } from '../verify.service.js';
import { countLines } from './counts-text.js';

/** A verification for people: the jobs that are not sound, and then the counts. */
export function verificationText(verification: Verification): string {
  const { jobs, exact, diverged, digest_differs, without_digest } = verification;
  const lines = countLines([
    ['jobs', jobs],
    ['  exact', exact],
    ['    without digest', without_digest],
    ['  diverged', diverged],
    ['  digest differs', digest_differs],
  ]);
  return `${[...unsoundLines(verification), ...lines].join('\n')}\n`;
}

function unsoundLines({ diverged, digest_differs, unsound }: Verification): string[] {
  if (unsound.length === 0) return [];
  const more = diverged + digest_differs - unsound.length;
  return [
    ...unsound.map((job) => `${job.job_id}  ${describe(job)}`),
    ...(more > 0 ? [`and ${inGroups(more)} jobs more`] : []),
    '',
  ];
}

function describe(job: UnsoundJob): string {
  return job.problem === 'diverged' ? `correction ${job.correction}: ${job.reason}` : 'digest differs';
}
