import './review.css';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { mayReview, useAccess } from '../access/access.js';
import { nameOfReviewer } from '../access/ask-for-name.js';
import { ask } from '../api/client.js';
import { bytesOf } from '../json/bytes.js';
import { Page, type PageProps } from '../parts/page.js';
import { Empty, Failed, Waiting } from '../parts/states.js';
import { visible } from '../parts/signs.js';
import { Text } from '../parts/text.js';
import { go, usePlace } from '../router.js';
import { carryOver, type LeftEdit } from './carried-edits.js';
import { forgetDraft, type StoredDraft, storedDraft } from './drafts.js';
import { Editor, type Steps } from './editor.js';
import {
  type JobAnswer,
  readCorrections,
  readJob,
  readLeasedJob,
  type ShownCorrection,
} from './job-answer.js';
import { Leases } from './leases.js';
import { type Start } from './use-draft.js';

/** Fields of which the pipeline was less sure are visited first. */
const BELOW = 0.9;
/** Which job comes next, unless the address says otherwise: the one with the least certain field. */
const QUEUE = { sort: 'lowest_field_confidence', not_flag: 'unreadable' };
/** The parameters of the queue that the address of the page may have. */
const PARAMETERS = [
  'source_kind',
  'flag',
  'not_flag',
  'filename',
  'reviewed_by',
  'producer',
  'external_id',
].concat([
  'confidence_gte',
  'confidence_lt',
  'field_confidence_lt',
  'has_corrections',
  'since',
  'until',
  'sort',
]);

type Shown =
  | { readonly state: 'waiting' }
  | { readonly state: 'none'; readonly said: string }
  | { readonly state: 'nameless' }
  | { readonly state: 'failed'; readonly error: Error; readonly again: () => void }
  | { readonly state: 'open'; readonly job: JobAnswer; readonly start: Start; readonly notice: Notice };

interface Notice {
  readonly said: string;
  /** What somebody else has recorded since the draft began; undefined if nobody has. */
  readonly theirs?: readonly ShownCorrection[];
  readonly left?: readonly LeftEdit[];
}

/** Where jobs are reviewed: the one in the address, or the next one of the queue. */
export function Review({ id }: PageProps) {
  const access = useAccess();
  if (!mayReview(access))
    return (
      <Page title="Review">
        <Empty title="You cannot review here">
          <p>
            Your key lacks the scope <code>review</code>, or the server reads only. Look at the{' '}
            <a href="samples">samples</a> instead.
          </p>
        </Empty>
      </Page>
    );
  return <Desk id={id} />;
}

function Desk({ id }: { id: string | undefined }) {
  const { query } = usePlace();
  const [shown, setShown] = useState<Shown>({ state: 'waiting' });
  const [isLost, setLost] = useState(false);
  const leases = useMemo(
    () =>
      new Leases(() => {
        setLost(true);
      }),
    [],
  );
  const opened = useRef<string>(undefined);
  const [zoom, setZoom] = useState(1);
  const [approvedHere, setApprovedHere] = useState(0);
  const attempt = (work: () => Promise<void>): void => {
    setShown((before) => (before.state === 'open' ? before : { state: 'waiting' }));
    work().catch((error: unknown) => {
      setShown({
        state: 'failed',
        error: error as Error,
        again: () => {
          attempt(work);
        },
      });
    });
  };
  const show = async (job: JobAnswer, said = ''): Promise<void> => {
    if (job.job_id !== opened.current) setLost(false);
    opened.current = job.job_id;
    setShown({ state: 'open', job, ...(await begin(job, said)) });
  };
  const takeNext = async (said = ''): Promise<void> => {
    if ((await nameOfReviewer()) === undefined) {
      setShown({ state: 'nameless' });
      return;
    }
    setShown({ state: 'waiting' });
    const asked = PARAMETERS.flatMap((name) => {
      const value = query.get(name);
      return value === null ? [] : [[name, value] as const];
    });
    const response = await ask('jobs/next', {
      method: 'POST',
      query: asked.length > 0 ? Object.fromEntries(asked) : QUEUE,
    });
    if (response.status === 204) {
      opened.current = undefined;
      setShown({ state: 'none', said });
      return;
    }
    const { job, lease } = await readLeasedJob(response);
    leases.open(job.job_id, lease);
    await show(job, said);
    go(`review/${job.job_id}${query.size > 0 ? `?${query.toString()}` : ''}`, 'replace');
  };
  const read = async (jobId: string, said = ''): Promise<void> => {
    await show(await readJob(await ask(`jobs/${encodeURIComponent(jobId)}`)), said);
  };
  useEffect(() => {
    if (id !== undefined && id === opened.current) return;
    attempt(() => (id === undefined ? takeNext() : read(id)));
  }, [id]);
  useEffect(() => {
    const leave = (): void => {
      leases.giveBackAll();
    };
    window.addEventListener('pagehide', leave);
    return () => {
      window.removeEventListener('pagehide', leave);
      leave();
    };
  }, []);

  if (shown.state === 'open') {
    const { job, start, notice } = shown;
    const steps: Steps = {
      reload: (said) => {
        attempt(() => read(job.job_id, said));
      },
      approved: () => {
        leases.end(job.job_id);
        const count = approvedHere + 1;
        setApprovedHere(count);
        attempt(() =>
          takeNext(`${visible(job.filename)} is approved. Since this page was opened: ${count}.`),
        );
      },
      skip: () => {
        leases.skip();
        attempt(() => takeNext());
      },
    };
    return (
      <Page title={job.filename} lead={<Facts job={job} />}>
        {isLost && (
          <p class="notice failed" role="alert">
            Somebody else has this document now. Your draft is kept: save it, or skip the document.
          </p>
        )}
        <Told notice={notice} isSaidBelow={!job.approved && job.result !== null} />
        {job.approved ? (
          <Approved job={job} steps={steps} />
        ) : job.result === null ? (
          <Empty title="The pipeline made nothing of this document">
            <p>There is nothing to correct. Send its result by the API, or skip the document.</p>
            <button type="button" onClick={steps.skip}>
              Skip
            </button>
          </Empty>
        ) : (
          <Editor
            key={`${job.job_id} ${job.etag} ${notice.said}`}
            job={job}
            start={start}
            below={BELOW}
            zoom={zoom}
            setZoom={setZoom}
            said={notice.said}
            steps={steps}
          />
        )}
      </Page>
    );
  }
  return (
    <Page title="Review">
      {shown.state === 'waiting' && <Waiting what="the next document" />}
      {shown.state === 'failed' && <Failed error={shown.error} again={shown.again} />}
      {shown.state === 'nameless' && (
        <Empty title="Who reviews?">
          <p>Corrections are recorded under a name.</p>
          <button
            type="button"
            class="primary"
            onClick={() => {
              attempt(() => takeNext());
            }}
          >
            Give a name
          </button>
        </Empty>
      )}
      {shown.state === 'none' && (
        <Empty title="No document waits for you">
          {shown.said !== '' && <p role="status">{shown.said}</p>}
          <p>
            All that match are approved, or somebody holds them at the moment. See the{' '}
            <a href="samples?approved=false">documents that are open</a>.
          </p>
          <button
            type="button"
            onClick={() => {
              attempt(() => takeNext());
            }}
          >
            Look again
          </button>
        </Empty>
      )}
    </Page>
  );
}

function Facts({ job }: { job: JobAnswer }) {
  const { source_kind, confidence, review_flags, correction_count } = job;
  const facts = [
    source_kind,
    confidence === null ? 'no confidence' : `confidence ${Math.round(confidence * 100)}%`,
    `${correction_count} ${correction_count === 1 ? 'correction' : 'corrections'} so far`,
  ];
  return (
    <>
      <Text text={facts.join(' · ')} />{' '}
      {review_flags.map((flag) => (
        <span key={flag} class="chip">
          <Text text={flag} />
        </span>
      ))}
    </>
  );
}

function Approved({ job, steps }: { job: JobAnswer; steps: Steps }) {
  const [error, setError] = useState<Error>();
  return (
    <Empty title="This document is approved">
      {error && <Failed error={error} />}
      <p>
        By <Text text={job.reviewed_by ?? 'somebody'} />. To correct it, open it again.
      </p>
      <div class="actions">
        <button
          type="button"
          onClick={() => {
            void nameOfReviewer()
              .then(async (name) => {
                if (name === undefined) return;
                await ask(`jobs/${job.job_id}/approval`, {
                  method: 'DELETE',
                  headers: { 'If-Match': job.etag },
                });
                steps.reload('The document is open again.');
              })
              .catch((failure: unknown) => {
                setError(failure as Error);
              });
          }}
        >
          Open it again
        </button>
        <button type="button" class="primary" onClick={steps.skip}>
          Next document
        </button>
      </div>
    </Empty>
  );
}

/** What happened to the draft: nothing of it is lost without a word. */
function Told({
  notice: { said, theirs, left = [] },
  isSaidBelow,
}: {
  notice: Notice;
  /** The document says it, where it takes no room from what is below. */
  isSaidBelow: boolean;
}) {
  return (
    <>
      {said !== '' && !isSaidBelow && <p role="status">{said}</p>}
      {theirs && (
        <section class="notice" aria-label="Changes by others">
          <h2>Somebody else has changed this document since you began</h2>
          {theirs.length === 0 ? (
            <p>No value is different: flags or the approval are.</p>
          ) : (
            <ul class="review-theirs">
              {theirs.map(({ field_path, op, old_value, new_value, corrected_by }, index) => (
                <li key={index}>
                  <Text text={corrected_by ?? 'somebody'} />: {op}{' '}
                  <span class="mono">
                    <Text text={field_path} />
                  </span>{' '}
                  <span class="mono">
                    <Text text={old_value} /> → <Text text={new_value} />
                  </span>
                </li>
              ))}
            </ul>
          )}
          {left.length > 0 && (
            <>
              <h3>These edits of yours do not fit any more. Make them again where they belong:</h3>
              <ul class="review-theirs">
                {left.map(({ field_path, op, value }, index) => (
                  <li key={index}>
                    {op}{' '}
                    <span class="mono">
                      <Text text={field_path} /> <Text text={value} />
                    </span>
                  </li>
                ))}
              </ul>
            </>
          )}
        </section>
      )}
    </>
  );
}

/** What the review of a job begins with: its result, or the draft that this browser has kept of it. */
async function begin(job: JobAnswer, said: string): Promise<{ start: Start; notice: Notice }> {
  const kept = job.approved || job.result === null ? undefined : await storedDraft(job.job_id);
  if (!kept) return { start: { text: undefined, confirmed: [] }, notice: { said } };
  if (kept.etag === job.etag) {
    const restored = 'This is your draft from before: it is not saved yet.';
    return { start: kept, notice: { said: said === '' ? restored : said } };
  }
  return carriedOver(job, kept, said);
}

async function carriedOver(
  job: JobAnswer,
  kept: StoredDraft,
  said: string,
): Promise<{ start: Start; notice: Notice }> {
  const { text, carried, left } = carryOver(bytesOf(kept.base), bytesOf(kept.text), job.result!);
  const all = await readCorrections(await ask(`jobs/${job.job_id}/corrections`));
  const theirs = all.slice(kept.correction_count);
  if (left.length === 0 && carried === 0) await forgetDraft(job.job_id);
  const told = `${carried} of your ${carried + left.length} edits were carried over to the new version.`;
  return {
    // What was confirmed is right only if it is what was seen: the reviewer confirms it again.
    start: { text, confirmed: [] },
    notice: { said: said === '' ? told : said, theirs, left },
  };
}
