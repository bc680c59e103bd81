import { type SampleFilter, SampleFilterDto } from '../ground-truth/corpus-filter.js';
import {
  BooleanParameter,
  ChoiceParameter,
  CountParameter,
  TextThat,
} from '../platform/parameters/parameters.js';
import { namesOf } from '../platform/parameters/read-dto.js';
import { type Evaluation } from './evaluation.js';
import { ACCEPTED_THRESHOLDS, type Missed, missedOf, parseThresholds } from './thresholds.js';
import { type Sameness } from './value-tree.js';

const MOST_WORST = 1_000;

/** Query parameters and flags of an evaluation. */
export class EvaluateQueryDto extends SampleFilterDto {
  @ChoiceParameter(['value', 'text'])
  readonly numbers: Sameness['numbers'] = 'value';

  @ChoiceParameter(['missing', 'value'])
  readonly null: Sameness['null'] = 'missing';

  @BooleanParameter()
  readonly ignore_case: boolean = false;

  @TextThat((text) => parseThresholds(text) !== undefined, ACCEPTED_THRESHOLDS)
  readonly fail_under?: string;

  @ChoiceParameter(['value', 'lower'])
  readonly bound: 'value' | 'lower' = 'value';

  @CountParameter(0, MOST_WORST)
  readonly worst: number = 0;
}

/** The filters that are given. */
export function filtersOf(query: EvaluateQueryDto): Partial<SampleFilter> {
  const names: readonly string[] = namesOf(SampleFilterDto);
  return Object.fromEntries(
    Object.entries(query).filter(([name, value]) => names.includes(name) && value !== undefined),
  );
}

/** What predictions are scored by: nothing is known of samples that are not approved. */
export function corpusFilterOf(query: EvaluateQueryDto): SampleFilter {
  return { ...filtersOf(query), approved_only: true };
}

export function samenessOf({ numbers, null: nulls, ignore_case }: EvaluateQueryDto): Sameness {
  return { numbers, null: nulls, ignore_case };
}

/** An evaluation, and the thresholds that it misses. */
export interface JudgedEvaluation extends Evaluation {
  readonly missed: readonly Missed[];
}

export function judge(evaluation: Evaluation, { fail_under, bound }: EvaluateQueryDto): JudgedEvaluation {
  const thresholds = fail_under === undefined ? [] : parseThresholds(fail_under)!;
  return { ...evaluation, missed: missedOf(thresholds, evaluation, bound) };
}
