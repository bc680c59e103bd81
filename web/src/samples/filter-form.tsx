import { useEffect, useState } from 'preact/hooks';
import { go, withQuery } from '../router.js';
import { type Filter, type Filters, parametersOf, type View } from './filters.js';

const YES_NO = (yes: string, no: string): readonly (readonly [string, string])[] => [
  ['', 'any'],
  ['true', yes],
  ['false', no],
];

/** The filters of the list. They are in the address, so that it can be sent to a colleague. */
export function FilterForm({ view, hasOrder }: { view: View; hasOrder: boolean }) {
  const { filters, sort } = view;
  const [draft, setDraft] = useState<Filters>(filters);
  const question = JSON.stringify(filters);
  useEffect(() => {
    setDraft(filters);
  }, [question]);
  const show = (changed: Filters, order: string | undefined): void => {
    go(withQuery('samples', parametersOf({ filters: changed, sort: order, cursor: undefined })));
  };
  const set = (name: Filter, value: string): Filters => {
    const { [name]: _, ...others } = draft;
    return value === '' ? others : { ...others, [name]: value };
  };
  const text = (name: Filter, label: string, hint?: string) => (
    <label class="filter">
      <span>{label}</span>
      <input
        name={name}
        value={draft[name] ?? ''}
        placeholder={hint}
        dir="auto"
        spellcheck={false}
        onInput={({ currentTarget }) => {
          setDraft(set(name, currentTarget.value));
        }}
      />
    </label>
  );
  const choice = (name: Filter, label: string, options: readonly (readonly [string, string])[]) => (
    <label class="filter">
      <span>{label}</span>
      <select
        name={name}
        value={draft[name] ?? ''}
        onChange={({ currentTarget }) => {
          show(set(name, currentTarget.value), sort);
        }}
      >
        {options.map(([value, title]) => (
          <option key={value} value={value}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
  const isFiltered = Object.keys(filters).length > 0;
  const beyond: readonly Filter[] = [
    'not_flag',
    'source_kind',
    'reviewed_by',
    'producer',
    'confidence_gte',
    'confidence_lt',
    'since',
    'until',
  ];
  return (
    <form
      class="filters"
      role="search"
      aria-label="Samples"
      onSubmit={(event) => {
        event.preventDefault();
        show(draft, sort);
      }}
    >
      {hasOrder && text('filename', 'File name has')}
      {choice('approved', 'Approved', YES_NO('approved', 'open'))}
      {choice('has_corrections', 'Corrections', YES_NO('corrected', 'none'))}
      {text('flag', 'Flag')}
      {hasOrder && (
        <label class="filter">
          <span>Order</span>
          <select
            name="sort"
            value={sort ?? 'created_at'}
            onChange={({ currentTarget: { value } }) => {
              show(draft, value === 'created_at' ? undefined : value);
            }}
          >
            <option value="created_at">oldest first</option>
            <option value="confidence">least confident first</option>
            <option value="lowest_field_confidence">least confident field first</option>
          </select>
        </label>
      )}
      <details open={beyond.some((name) => name in filters)}>
        <summary>More filters</summary>
        <div class="more-filters">
          {hasOrder && text('not_flag', 'Without flag')}
          {text('source_kind', 'Kind', 'pdf')}
          {text('reviewed_by', 'Reviewed by')}
          {text('confidence_gte', 'Confidence at least', '0.5')}
          {text('confidence_lt', 'Confidence below', '0.9')}
          {text('producer', 'Producer', 'model=layout-3')}
          {text('since', 'Changed since', '2025-06-01')}
          {text('until', 'Changed before', '2025-07-01')}
        </div>
      </details>
      <div class="actions">
        <button type="submit" class="primary">
          Filter
        </button>
        {isFiltered && (
          <a class="button quiet" href="samples">
            Show all
          </a>
        )}
      </div>
    </form>
  );
}
