import { useState } from 'preact/hooks';
import { type Schemas } from '../api/client.js';
import { type SampleAnswer, type TrailEntry } from '../json/sample-answer.js';
import { Text } from '../parts/text.js';
import { Time } from '../parts/time.js';

type Event =
  | { readonly at: string; readonly correction: TrailEntry; readonly number: number }
  | { readonly at: string; readonly review: Schemas['ReviewEvent'] }
  | { readonly at: string; readonly created: true };

/** In the order of time; the API has corrections and reviews in theirs already. Times without a fraction compare as text with others. */
function eventsOf({ created_at, corrections, history = [] }: SampleAnswer): Event[] {
  const events: Event[] = [
    { at: created_at, created: true },
    ...corrections.map((correction, index) => ({
      at: correction.corrected_at,
      correction,
      number: index + 1,
    })),
    ...history.map((review) => ({ at: review.at, review })),
  ];
  const key = ({ at }: Event): string => at.replace('Z', '');
  return events.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

const STEP = 100;

/** Who did what, when and why, oldest first. */
export function Timeline({ sample }: { sample: SampleAnswer }) {
  const [most, setMost] = useState(STEP);
  const events = eventsOf(sample);
  return (
    <section class="card" aria-labelledby="timeline">
      <h2 id="timeline">Trail</h2>
      <ol class="timeline">
        {events.slice(0, most).map((event, index) => (
          <Entry key={index} event={event} />
        ))}
      </ol>
      {events.length > most && (
        <button
          type="button"
          onClick={() => {
            setMost(most + STEP);
          }}
        >
          Show {Math.min(STEP, events.length - most)} more
        </button>
      )}
    </section>
  );
}

function Entry({ event }: { event: Event }) {
  if ('created' in event)
    return (
      <li class="of-pipeline">
        <Head what="came from the pipeline" at={event.at} />
      </li>
    );
  if ('review' in event) {
    const { by, at, event: name, add = [], remove = [], field_paths = [] } = event.review;
    return (
      <li class={`of-review ${name}`}>
        <Head who={by} what={name} at={at} />
        <Names names={add} before="+" />
        <Names names={remove} before="−" />
        <Names names={field_paths} />
      </li>
    );
  }
  const { correction, number } = event;
  return (
    <li id={`correction-${number}`} tabIndex={-1} class="of-correction">
      <Head
        who={correction.corrected_by}
        what={`${VERBS[correction.op]} (${number})`}
        at={correction.corrected_at}
      />
      <p class="path">
        <code>
          {correction.field_path === '' ? 'the whole document' : <Text text={correction.field_path} />}
        </code>
      </p>
      <p class="values">
        {correction.op !== 'add' && (
          <del>
            <Text text={correction.old_value} />
          </del>
        )}
        {correction.op === 'replace' && <span aria-hidden="true"> → </span>}
        {correction.op !== 'remove' && (
          <ins>
            <Text text={correction.new_value} />
          </ins>
        )}
      </p>
      {correction.reason !== null && (
        <p class="reason">
          <Text text={correction.reason} />
        </p>
      )}
    </li>
  );
}

/** Flags or paths of a review; of many, the first ones. */
function Names({ names, before = '' }: { names: readonly string[]; before?: string }) {
  const most = 20;
  if (names.length === 0) return null;
  return (
    <p class="path">
      {names.slice(0, most).map((name) => (
        <code key={name} class="chip">
          {before}
          <Text text={name} />
        </code>
      ))}
      {names.length > most && ` and ${(names.length - most).toLocaleString()} more`}
    </p>
  );
}

const VERBS: Readonly<Record<TrailEntry['op'], string>> = {
  replace: 'corrected',
  add: 'added',
  remove: 'removed',
};

function Head({ who, what, at }: { who?: string; what: string; at: string }) {
  return (
    <p class="event">
      {who !== undefined && (
        <strong>
          <Text text={who} />{' '}
        </strong>
      )}
      {what} <span class="soft">· </span>
      <Time at={at} />
    </p>
  );
}
