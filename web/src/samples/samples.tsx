import './samples.css';
import { useAccess } from '../access/access.js';
import { useAnswer } from '../api/use-answer.js';
import { Page } from '../parts/page.js';
import { Answered, Empty } from '../parts/states.js';
import { Text } from '../parts/text.js';
import { Time } from '../parts/time.js';
import { usePlace, withQuery } from '../router.js';
import { FilterForm } from './filter-form.js';
import { parametersOf, type View, viewOf } from './filters.js';
import { findPage, type Listed, type ListPage, listsJobs, notePage, previousOf } from './pages.js';

/** The samples that the filters of the address select, page by page. */
export function Samples() {
  const access = useAccess();
  const view = viewOf(usePlace());
  const { answer, again } = useAnswer(JSON.stringify(view), (signal) => findPage(access, view, signal));
  const isOfJobs = listsJobs(access);
  const total = answer.state === 'failed' ? undefined : answer.value?.total;
  return (
    <Page
      title="Samples"
      lead={total ? <Total total={total} /> : 'Each document with its trail of corrections.'}
    >
      <FilterForm view={view} hasOrder={isOfJobs} />
      <Answered answer={answer} again={again} what="samples">
        {(page) => <List page={page} view={view} />}
      </Answered>
    </Page>
  );
}

function Total({ total: { count, exact } }: { total: NonNullable<ListPage['total']> }) {
  const number = count.toLocaleString();
  return (
    <>
      {exact ? number : `About ${number}`} {count === 1 ? 'document' : 'documents'}
    </>
  );
}

function List({ page, view }: { page: ListPage; view: View }) {
  const { listed, isCut } = page;
  if (listed.length === 0)
    return Object.keys(view.filters).length > 0 ? (
      <Empty title="No sample is like that">
        <p>
          Change a filter, or <a href="samples">show all samples</a>.
        </p>
      </Empty>
    ) : (
      <Empty title="There are no samples yet">
        <p>
          Send documents to <code>POST /api/v1/jobs</code>, or run <code>ground-truth import</code>. The{' '}
          <a href="docs">documentation of the API</a> shows how.
        </p>
      </Empty>
    );
  return (
    <>
      <div class="table-box" role="region" aria-label="Samples" tabIndex={0}>
        <table class="samples">
          <thead>
            <tr>
              <th scope="col">File</th>
              <th scope="col">Kind</th>
              <th scope="col">State</th>
              <th scope="col">Flags</th>
              <th scope="col" class="number">
                Confidence
              </th>
              <th scope="col" class="number">
                Corrections
              </th>
              <th scope="col">Reviewed by</th>
              <th scope="col">Reviewed</th>
              <th scope="col">Created</th>
            </tr>
          </thead>
          <tbody>
            {listed.map((sample) => (
              <Row key={sample.job_id} sample={sample} view={view} />
            ))}
          </tbody>
        </table>
      </div>
      {isCut && (
        <p class="soft">
          These are the first {listed.length} samples. A list of this kind has no pages: use filters to see
          others.
        </p>
      )}
      <Pages page={page} view={view} />
    </>
  );
}

function Row({ sample, view }: { sample: Listed; view: View }) {
  const { job_id, filename, source_kind, approved, review_flags, confidence, correction_count } = sample;
  return (
    <tr>
      <th scope="row">
        <a href={withQuery(`samples/${job_id}`, parametersOf(view))}>
          {filename === '' ? 'without a name' : <Text text={filename} />}
        </a>
      </th>
      <td data-label="Kind">
        <Text text={source_kind} />
      </td>
      <td data-label="State">
        <span class={approved ? 'mark yes' : 'mark no'}>{approved ? 'approved' : 'open'}</span>
      </td>
      <td data-label="Flags" class={review_flags.length === 0 ? 'none' : undefined}>
        <Flags flags={review_flags} />
      </td>
      <td data-label="Confidence" class={confidence === null ? 'number none' : 'number'}>
        {confidence?.toFixed(2)}
      </td>
      <td data-label="Corrections" class="number">
        {correction_count}
      </td>
      <td data-label="Reviewed by" class={sample.reviewed_by === null ? 'none' : undefined}>
        {sample.reviewed_by !== null && <Text text={sample.reviewed_by} />}
      </td>
      <td data-label="Reviewed" class={sample.reviewed_at === null ? 'none' : undefined}>
        {sample.reviewed_at !== null && <Time at={sample.reviewed_at} />}
      </td>
      <td data-label="Created">
        <Time at={sample.created_at} />
      </td>
    </tr>
  );
}

/** The review flags of a sample; of many, the first ones. */
export function Flags({ flags }: { flags: readonly string[] }) {
  const most = 4;
  return (
    <>
      {flags.slice(0, most).map((flag) => (
        <a key={flag} class="chip" href={withQuery('samples', { flag })}>
          <Text text={flag} />
        </a>
      ))}
      {flags.length > most && <span class="soft"> and {flags.length - most} more</span>}
    </>
  );
}

function Pages({ page: { next }, view }: { page: ListPage; view: View }) {
  const { cursor } = view;
  const previous = cursor === undefined ? undefined : previousOf(cursor);
  const to = (other: string | undefined): string =>
    withQuery('samples', parametersOf({ ...view, cursor: other === '' ? undefined : other }));
  if (cursor === undefined && next === undefined) return null;
  return (
    <nav class="pages" aria-label="Pages of the list">
      {cursor !== undefined && previous !== '' && (
        <a class="button" href={to(undefined)}>
          First page
        </a>
      )}
      {previous !== undefined && (
        <a class="button" href={to(previous)} rel="prev">
          Previous page
        </a>
      )}
      {next !== undefined && (
        <a
          class="button"
          href={to(next)}
          rel="next"
          onClick={() => {
            notePage(next, cursor);
          }}
        >
          Next page
        </a>
      )}
    </nav>
  );
}
