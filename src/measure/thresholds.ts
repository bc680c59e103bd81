import { type Evaluation } from './evaluation.js';
import { isRate, type Score, VALUE_SCORES } from './scores.js';

/** The least that a score must reach. */
export interface Threshold {
  /** Undefined for a score of all documents. */
  readonly field_path?: string;
  readonly score: string;
  readonly least: number;
}

/** A score that is too low, or that there is none of. */
export interface Missed extends Threshold {
  readonly value: number | null;
}

const OF_FIELDS = VALUE_SCORES.filter((name) => !isRate(name));
const OF_ALL = ['exact', 'anls', 'macro_f1', ...OF_FIELDS];
const AT_ALL = /^()([a-z_0-9]+)=(1(?:\.0+)?|0(?:\.[0-9]+)?)(?:,|$)/;
/** The path is as short as may be: one with a comma in it is still one. */
const AT_PATH = new RegExp(AT_ALL.source.replace('()', '(.*?):'), 's');

export const ACCEPTED_THRESHOLDS =
  `SCORE=NUMBER or PATH:SCORE=NUMBER, with commas between several: a number from 0 to 1; ` +
  `of all documents ${OF_ALL.join(', ')}; of a field ${OF_FIELDS.join(', ')}`;

/** @returns undefined if the text is not of thresholds */
export function parseThresholds(text: string): Threshold[] | undefined {
  const thresholds: Threshold[] = [];
  for (let rest = text; rest !== '' || thresholds.length === 0;) {
    const ofAll = AT_ALL.exec(rest);
    const [all = '', field_path = '', score = '', least] = ofAll ?? AT_PATH.exec(rest) ?? [];
    const names: readonly string[] = ofAll ? OF_ALL : OF_FIELDS;
    if (!names.includes(score)) return undefined;
    thresholds.push({ ...(!ofAll && { field_path }), score, least: Number(least) });
    rest = rest.slice(all.length);
  }
  return thresholds;
}

/**
 * The thresholds that are missed. A score that nothing gives is one of them.
 *
 * @param bound `lower`: the lower end of the interval has to reach the threshold too
 */
export function missedOf(
  thresholds: readonly Threshold[],
  evaluation: Evaluation,
  bound: 'value' | 'lower',
): Missed[] {
  return thresholds.flatMap((threshold) => {
    const { field_path, score, least } = threshold;
    const scores =
      field_path === undefined
        ? evaluation.scores
        : [...evaluation.fields, ...evaluation.parents].find((field) => field.field_path === field_path);
    const found = (scores as Partial<Record<string, Score>> | undefined)?.[score];
    const value = (bound === 'lower' ? found?.low : found?.value) ?? null;
    return value !== null && value >= least ? [] : [{ ...threshold, value }];
  });
}
