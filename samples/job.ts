import { Evidence, type KeepContent, type ScannedJob } from './evidence.js';
import { type Json, writeJson } from './json-writing.js';
import { type Kind, KINDS, PLAIN_KINDS, spoil } from './mistakes.js';
import { drawPaper, type Paper } from './order.js';
import { type Outcome } from './outcomes.js';
import { Page } from './page.js';
import { type Random } from './random.js';
import { daysBefore, HOUR, MINUTE, SECOND, toCalendar, writeTime } from './times.js';
import { otherThan, recordTrail, type Trail } from './trail.js';
import { FAILURE_FLAGS, MONTHS, PAGE_FLAGS, REVIEWERS } from './vocabulary.js';

export interface Job extends ScannedJob {
  /** How many mistakes the pipeline makes, unless the outcome is one without any. */
  readonly mistakes: number;
  /** About how many characters the result has. */
  readonly size: number;
  /** Only mistakes that one edit of one value mends. */
  readonly plain: boolean;
}

interface Review {
  readonly approved: boolean;
  readonly by: string | null;
  readonly at: string | null;
}

const NOT_REVIEWED: Review = { approved: false, by: null, at: null };

/**
 * One line of the corpus, without its line feed.
 *
 * @param keep takes the images of pages; if it is given, the line has the further members too, as an export with `--include all`
 */
export function writeJob(job: Job, random: Random, keep?: KeepContent): string {
  const { outcome } = job;
  const created = toCalendar(job.created);
  const paper = drawPaper(random, daysBefore(created, random.between(0, 5)), job.size);
  const { filename, kind } = drawFile(random, paper);
  const unsure = random.chance(0.25);
  const head = `{"job_id":"${job.id}","filename":${writeJson(filename)},"source_kind":"${kind}"`;
  const tail = (corrections: string): string =>
    `"corrections":[${corrections}],"review_flags":${writeJson(drawFlags(random, outcome, unsure))},` +
    `"confidence":${drawConfidence(random, outcome, unsure)}`;
  const body = (review: Review, initial: string, final: string): string =>
    `,"approved":${String(review.approved)},"reviewed_by":${writeJson(review.by)},"reviewed_at":${writeJson(review.at)},` +
    `"created_at":"${writeTime(created)}","initial_result":${initial},"final_result":${final},`;

  const evidence = keep && new Evidence(job, paper.order, keep);

  if (outcome === 'failed') {
    const end = tail('');
    // The text was read, and the model did not answer in time.
    evidence?.take([], { texts: end.includes('"model_timeout"'), fields: false });
    return `${head}${body(NOT_REVIEWED, 'null', 'null')}${end}${evidence?.write('') ?? ''}}`;
  }

  const page = new Page(paper.order);
  const kinds: readonly Kind[] = job.plain ? PLAIN_KINDS : KINDS;
  const fixes = outcome === 'untouched' ? [] : spoil(page, random, kinds, job.mistakes);
  const initial = writeJson(paper.order);
  evidence?.take(page.misread, { texts: true, fields: true });
  const made = outcome === 'unreviewed' ? [] : outcome === 'partly' ? fixes.slice(0, -1) : fixes;
  // Some reviewing tools stamp whole seconds or milliseconds, others what their database's clock says.
  const tick = random.pick([1, 1, SECOND / 1000, SECOND]);
  const begun = job.created + random.between(10 * MINUTE, 18 * HOUR);
  const start = { at: begun - (begun % tick), reviewer: random.pick(REVIEWERS), tick };
  // A job is reopened because somebody saw one more mistake; some of them wait for it to be mended.
  const late = outcome === 'reopened' && random.chance(0.5) ? made.splice(1) : [];
  const trail = recordTrail(paper.order, made, random, start);
  const review = drawReview(random, outcome, trail, tick);
  const resumed = { at: review.ended, reviewer: review.by ?? trail.lastReviewer, tick };
  const afterwards = recordTrail(paper.order, late, random, resumed);
  const corrections = [...trail.corrections, ...afterwards.corrections];
  const final = corrections.length === 0 ? initial : writeJson(paper.order);
  const further = evidence?.write(writeHistory(review, trail)) ?? '';
  return `${head}${body(review, initial, final)}${tail(corrections.join(','))}${further}}`;
}

/** What reviewers did beside corrections. A job that was reopened had been approved a minute after the last correction before. */
function writeHistory({ approved, by, at }: Review, { lastReviewer, ended }: Trail): string {
  if (by === null || at === null) return '';
  const event = (name: string, who: string, when: string): string =>
    `{"event":"${name}","by":"${who}","at":"${when}"}`;
  if (approved) return event('approved', by, at);
  const before = event('approved', lastReviewer, writeTime(toCalendar(ended + MINUTE)));
  return `${before},${event('reopened', by, at)}`;
}

function drawReview(
  random: Random,
  outcome: Outcome,
  trail: Trail,
  tick: number,
): Review & { ended: number } {
  if (outcome === 'unreviewed' || outcome === 'partly') return { ...NOT_REVIEWED, ended: trail.ended };
  const reopened = outcome === 'reopened';
  const decided =
    trail.ended + (reopened ? random.between(HOUR, 30 * HOUR) : random.between(3 * SECOND, 2 * MINUTE));
  const ended = decided - (decided % tick);
  // Reopening is seldom the idea of whoever approved; it leaves its own name and time.
  const by = reopened ? otherThan(trail.lastReviewer, random) : trail.lastReviewer;
  return { approved: !reopened, by, at: writeTime(toCalendar(ended)), ended };
}

function drawFile(
  random: Random,
  { order, number, year, month, day }: Paper,
): { filename: string; kind: string } {
  const date = `${year}${twoDigits(month)}${twoDigits(day)}`;
  const roman = MONTHS[month - 1]!.roman;
  const unit = order.header.satuan ?? null;
  const name = typeof unit === 'string' ? unit : '';
  if (random.chance(0.3)) {
    const time = [random.between(8, 16), random.between(0, 59), random.between(0, 59)]
      .map(twoDigits)
      .join('');
    return {
      filename: random.pick([`IMG_${date}_${time}.jpg`, `scan-${date}-${number}.png`]),
      kind: 'image',
    };
  }
  const filename = random.pick([
    `sprin-${number}-${roman.toLowerCase()}-${year}.pdf`,
    `Sprin ${number} ${roman} ${year} ${name}.pdf`,
    `SCAN_${date}_${String(number).padStart(4, '0')}.pdf`,
    `sprint ${name} (${random.between(1, 3)}).pdf`,
  ]);
  return { filename, kind: 'pdf' };
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

function drawFlags(random: Random, outcome: Outcome, unsure: boolean): Json {
  if (outcome === 'failed') return [random.pick(FAILURE_FLAGS)];
  const flags = unsure ? ['low_confidence'] : [];
  if (random.chance(unsure ? 0.4 : 0.08)) flags.push(random.pick(PAGE_FLAGS));
  return flags;
}

/** Two to four decimals as JavaScript and PostgreSQL both write them: the shortest that give the same double. */
function drawConfidence(random: Random, outcome: Outcome, unsure: boolean): string {
  if (outcome === 'failed' || random.chance(0.06)) return 'null';
  const scale = random.pick([100, 1000, 10_000]);
  const hundredth = scale / 100;
  return String(
    (unsure ? random.between(41 * hundredth, 79 * hundredth) : random.between(81 * hundredth, scale)) / scale,
  );
}
