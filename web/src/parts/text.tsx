import { useState } from 'preact/hooks';
import { partsOf } from './signs.js';

/** The most characters that are shown at once: the browser would stand still over a line of megabytes. */
const MOST = 2_000;

/** Text of a document or a person, as text: what cannot be seen is named, and its direction changes nothing around it. */
export function Text({
  text,
  mark,
}: {
  text: string;
  mark?: { readonly front: number; readonly end: number } | undefined;
}) {
  const [most, setMost] = useState(MOST);
  const shown = text.length > most ? text.slice(0, most) : text;
  const front = Math.min(mark?.front ?? 0, shown.length);
  const end = Math.max(front, Math.min(shown.length, text.length - (mark?.end ?? text.length)));
  return (
    <bdi class="text">
      <Signs text={shown.slice(0, front)} />
      {mark && end > front && (
        <mark>
          <Signs text={shown.slice(front, end)} />
        </mark>
      )}
      <Signs text={shown.slice(end)} />
      {text.length > most && (
        <button
          type="button"
          class="more"
          onClick={() => {
            setMost(most * 10);
          }}
        >
          … {(text.length - most).toLocaleString()} characters more
        </button>
      )}
    </bdi>
  );
}

function Signs({ text }: { text: string }) {
  return (
    <>
      {partsOf(text).map((part, index) =>
        typeof part === 'string' ? (
          part
        ) : (
          <span key={index} class="sign">
            {part.sign}
          </span>
        ),
      )}
    </>
  );
}
