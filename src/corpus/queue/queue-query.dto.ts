import {
  BooleanParameter,
  ChoiceParameter,
  CountParameter,
  NumberParameter,
  TextParameter,
} from '../../parameters/parameters.js';

export const SORTS = ['created_at', 'confidence'] as const;

/** Which jobs to list, and in which order. */
export class QueueQueryDto {
  @BooleanParameter()
  readonly approved?: boolean;

  @BooleanParameter()
  readonly has_corrections?: boolean;

  @TextParameter()
  readonly source_kind?: string;

  /** One of the review flags. */
  @TextParameter()
  readonly flag?: string;

  /** A part of it, in upper or lower case. */
  @TextParameter()
  readonly filename?: string;

  @NumberParameter(0, 1)
  readonly confidence_lt?: number;

  @ChoiceParameter(SORTS)
  readonly sort: (typeof SORTS)[number] = 'created_at';

  @CountParameter(1, 200)
  readonly limit: number = 50;

  /** Where the page before ended. */
  @TextParameter()
  readonly cursor?: string;
}
