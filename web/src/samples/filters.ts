import { type Place } from '../router.js';

/** The filters of the list, in the words of the API, as they stand in the address. */
const FILTERS = [
  'filename',
  'approved',
  'has_corrections',
  'source_kind',
  'flag',
  'not_flag',
  'reviewed_by',
  'producer',
  'confidence_gte',
  'confidence_lt',
  'since',
  'until',
] as const;

export type Filter = (typeof FILTERS)[number];

export type Filters = Partial<Record<Filter, string>>;

/** What is shown of the corpus: filters, order, and the page. */
export interface View {
  readonly filters: Filters;
  readonly sort: string | undefined;
  readonly cursor: string | undefined;
}

export function viewOf({ query }: Place): View {
  const given = (name: string): string | undefined => query.get(name) ?? undefined;
  const filters: Filters = {};
  for (const name of FILTERS) {
    const value = given(name);
    if (value !== undefined && value !== '') filters[name] = value;
  }
  return { filters, sort: given('sort'), cursor: given('cursor') };
}

/** The parameters of the address of a view. */
export function parametersOf({ filters, sort, cursor }: View): Record<string, string | undefined> {
  return { ...filters, sort, cursor };
}
