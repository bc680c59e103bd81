import { tryParseFieldPath } from '../json-text/index.js';
import {
  ChoiceParameter,
  CountParameter,
  NumberParameter,
  TextParameter,
  TextThat,
} from '../platform/parameters/parameters.js';
import { type AnswerForm, ANSWERS, type Input, INPUTS } from './example.js';
import { type Objective, OBJECTIVES } from './layouts/layout.js';
import { LAYOUT_NAMES, type LayoutName } from './layouts/layouts.js';
import { parseField } from './parts.js';

const MOST_TOKENS = 10_000_000;

/** Flags of `dataset`, apart from those that select samples and name files. */
export class DatasetFlagsDto {
  @ChoiceParameter(INPUTS)
  readonly input: Input = 'initial';

  @ChoiceParameter(OBJECTIVES)
  readonly objective: Objective = 'sft';

  @ChoiceParameter(LAYOUT_NAMES)
  readonly layout: LayoutName = 'trl';

  @ChoiceParameter(ANSWERS)
  readonly answer: AnswerForm = 'as-is';

  @TextThat(
    (text) => parseField(text) !== undefined,
    'a field path, such as header, or personel[*] for the rows of a table',
  )
  readonly field: string = '';

  /** See `parseSplits`, which says what is wrong with others. */
  @TextParameter()
  readonly split: string = 'train=0.8,validation=0.1,test=0.1';

  @TextThat((text) => tryParseFieldPath(text) !== undefined && text !== '', 'none, filename or a field path')
  readonly group_by: string = 'none';

  @TextThat(
    (text) => text === 'off' || (/^(0?\.[0-9]+|1(\.0+)?)$/.test(text) && Number(text) >= 0.5),
    'off, or a number from 0.5 to 1',
  )
  readonly near_duplicates: string = '0.85';

  @NumberParameter(0, 1)
  readonly min_edit_ratio: number = 0;

  @CountParameter(1, MOST_TOKENS)
  readonly max_tokens?: number;
}
