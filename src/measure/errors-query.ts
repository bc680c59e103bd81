import { SampleFilterDto } from '../ground-truth/corpus-filter.js';
import { BooleanParameter, NumberParameter, TextThat } from '../platform/parameters/parameters.js';
import { FieldPathError } from '../json-text/index.js';
import { parseCollapsedPath, ROWS } from './field-tree.js';

/** What documents can be grouped by, beside a field. */
export const GROUPINGS = ['producer', 'source_kind', 'reviewer', 'month'] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface ErrorsOptions {
  /** One of GROUPINGS, or the path of a field that a document has once. */
  readonly by?: string;
  /** Whether to compare confidences with what was right. */
  readonly calibration: boolean;
  /** The share of errors that is acceptable among what passes without a review. */
  readonly max_error: number;
}

/** Query parameters and flags of errors. */
export class ErrorsQueryDto extends SampleFilterDto implements ErrorsOptions {
  @TextThat(
    (text) => isGrouping(text) || isSingleField(text),
    `${GROUPINGS.join(', ')}, or the path of a field that a document has once, such as header.satuan`,
  )
  readonly by?: string;

  @BooleanParameter()
  readonly calibration: boolean = false;

  @NumberParameter(0, 1)
  readonly max_error: number = 0.01;
}

export function isGrouping(text: string): text is Grouping {
  return (GROUPINGS as readonly string[]).includes(text);
}

/** Whether a text is a path that leads into no rows, nor to the whole document. */
export function isSingleField(text: string): boolean {
  try {
    const path = parseCollapsedPath(text);
    return path.length > 0 && !path.includes(ROWS);
  } catch (error) {
    if (error instanceof FieldPathError) return false;
    throw error;
  }
}
