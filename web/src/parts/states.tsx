import { type ComponentChildren } from 'preact';
import { ApiError } from '../api/client.js';
import { type Answer } from '../api/use-answer.js';

/** Shown in place of what is not there yet. */
export function Waiting({ what }: { what: string }) {
  return (
    <p class="waiting" role="status">
      <span class="spinner" aria-hidden="true" />
      Loading {what}…
    </p>
  );
}

/** What went wrong, and what to do. */
export function Failed({ error, again }: { error: Error; again?: () => void }) {
  const title = error instanceof ApiError ? error.title : 'Something went wrong on this page';
  const errors = error instanceof ApiError ? error.errors : [];
  return (
    <div class="notice failed" role="alert">
      <h2>{title}</h2>
      <p>{error.message}</p>
      {errors.length > 0 && (
        <ul>
          {errors.map(({ field, message }) => (
            <li key={field}>
              <code>{field}</code> {message}
            </li>
          ))}
        </ul>
      )}
      {again && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Nothing is there: why, and what to do. */
export function Empty({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="notice empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** What an answer of the API leads to: its value, or why there is none. */
export function Answered<Value>({
  answer,
  again,
  what,
  children,
}: {
  answer: Answer<Value>;
  again: () => void;
  what: string;
  children: (value: Value) => ComponentChildren;
}) {
  if (answer.state === 'failed') return <Failed error={answer.error} again={again} />;
  if (answer.value === undefined) return <Waiting what={what} />;
  return (
    <div class="answered" aria-busy={answer.state === 'waiting'}>
      {children(answer.value)}
    </div>
  );
}
