import './samples.css';
import './sample.css';
import { useEffect, useState } from 'preact/hooks';
import { mayReview, useAccess } from '../access/access.js';
import { ask } from '../api/client.js';
import { useAnswer } from '../api/use-answer.js';
import { readSample, type SampleAnswer } from '../json/sample-answer.js';
import { Page, type PageProps } from '../parts/page.js';
import { Answered } from '../parts/states.js';
import { Text } from '../parts/text.js';
import { Time } from '../parts/time.js';
import { usePlace, withQuery } from '../router.js';
import { Comparison } from './comparison.js';
import { parametersOf, type View, viewOf } from './filters.js';
import { findPage, notePage } from './pages.js';
import { Flags } from './samples.js';
import { Sources } from './sources.js';
import { Timeline } from './timeline.js';

const INCLUDE = 'external_id,producer,sources,fields,history';

/** One sample: what the pipeline read, what reviewers made of it, and how. */
export function SamplePage({ id = '' }: PageProps) {
  const view = viewOf(usePlace());
  const { answer, again } = useAnswer(id, async (signal) => {
    const response = await ask(`ground-truth/samples/${encodeURIComponent(id)}`, {
      query: { include: INCLUDE },
      signal,
    });
    return readSample(await response.arrayBuffer());
  });
  const sample = answer.state === 'failed' ? undefined : answer.value;
  const access = useAccess();
  return (
    <Page
      title={sample?.filename ?? 'Sample'}
      lead={sample && <Facts sample={sample} />}
      actions={
        <>
          <Neighbours id={id} view={view} />
          {sample && <CopyLine id={id} />}
          {sample && mayReview(access) && (
            <a class="button primary" href={`review/${id}`}>
              Review
            </a>
          )}
        </>
      }
    >
      <Answered answer={answer} again={again} what="the sample">
        {(found) => (
          <div class="sample">
            <div class="sample-side">
              <Sources sources={found.sources ?? []} />
            </div>
            <div class="sample-main">
              {found.diverged && (
                <div class="notice failed">
                  <h2>The trail does not lead back</h2>
                  <p>
                    Correction {found.diverged.correction + 1} does not fit the document (
                    {found.diverged.reason}). What stands under Pipeline is not certain; the result itself is
                    what reviewers left.
                  </p>
                </div>
              )}
              <Comparison sample={found} />
              <Timeline sample={found} />
            </div>
          </div>
        )}
      </Answered>
    </Page>
  );
}

function Facts({ sample }: { sample: SampleAnswer }) {
  const { approved, reviewed_by, reviewed_at, source_kind, confidence, review_flags, producer, external_id } =
    sample;
  return (
    <span class="facts">
      <span class={approved ? 'mark yes' : 'mark no'}>{approved ? 'approved' : 'open'}</span>
      {reviewed_by !== null && reviewed_at !== null && (
        <span>
          {approved ? '' : 'reopened '}by <Text text={reviewed_by} />, <Time at={reviewed_at} />
        </span>
      )}
      <span>
        <Text text={source_kind} />
      </span>
      {confidence !== null && <span>confidence {confidence.toFixed(2)}</span>}
      {typeof external_id === 'string' && (
        <span>
          id <Text text={external_id} />
        </span>
      )}
      {producer !== undefined && (
        <details class="producer">
          <summary>producer</summary>
          <code>
            <Text text={producer} />
          </code>
        </details>
      )}
      <Flags flags={review_flags} />
    </span>
  );
}

/** Copies the line that an export has of this sample. */
function CopyLine({ id }: { id: string }) {
  const [said, setSaid] = useState('');
  const copy = async (): Promise<void> => {
    try {
      const response = await ask(`ground-truth/samples/${encodeURIComponent(id)}`);
      await navigator.clipboard.writeText((await response.text()).trimEnd());
      setSaid('Copied');
    } catch {
      // Without TLS, browsers give pages of other machines no clipboard.
      setSaid('This browser lets the page copy nothing');
    }
  };
  useEffect(() => {
    if (said === '') return undefined;
    const timer = window.setTimeout(() => {
      setSaid('');
    }, 4_000);
    return () => {
      clearTimeout(timer);
    };
  }, [said]);
  return (
    <>
      <button type="button" onClick={() => void copy()}>
        {said === '' ? 'Copy as JSON line' : said}
      </button>
      <span role="status" class="visually-hidden">
        {said}
      </span>
    </>
  );
}

interface Beside {
  readonly previous?: string | undefined;
  readonly next?: string | undefined;
}

/** Leads to the samples before and after this one, in the list that one came from. */
function Neighbours({ id, view }: { id: string; view: View }) {
  const access = useAccess();
  const { answer } = useAnswer(`${id} ${JSON.stringify(view)}`, async (signal): Promise<Beside> => {
    const page = await findPage(access, view, signal);
    const at = page.listed.findIndex(({ job_id }) => job_id === id);
    if (at < 0) return {};
    const to = (jobId: string | undefined, cursor = view.cursor): string | undefined =>
      jobId === undefined ? undefined : withQuery(`samples/${jobId}`, parametersOf({ ...view, cursor }));
    if (at < page.listed.length - 1 || page.next === undefined)
      return { previous: to(page.listed[at - 1]?.job_id), next: to(page.listed[at + 1]?.job_id) };
    notePage(page.next, view.cursor);
    const following = await findPage(access, { ...view, cursor: page.next }, signal);
    return { previous: to(page.listed[at - 1]?.job_id), next: to(following.listed[0]?.job_id, page.next) };
  });
  const { previous, next } = (answer.state === 'failed' ? undefined : answer.value) ?? {};
  return (
    <nav class="actions" aria-label="Neighbours in the list">
      <a class="button quiet" href={withQuery('samples', parametersOf(view))}>
        To the list
      </a>
      <Step to={previous} rel="prev" title="Previous" />
      <Step to={next} rel="next" title="Next" />
    </nav>
  );
}

/** Keeps its place where it leads nowhere, so that the one beside it does not move under the pointer. */
function Step({ to, rel, title }: { to: string | undefined; rel: string; title: string }) {
  return to === undefined ? (
    <button type="button" disabled>
      {title}
    </button>
  ) : (
    <a class="button" href={to} rel={rel}>
      {title}
    </a>
  );
}
