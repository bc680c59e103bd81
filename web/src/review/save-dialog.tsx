import { useEffect, useRef, useState } from 'preact/hooks';
import { useOpenDialog } from '../parts/dialog.js';
import { Text } from '../parts/text.js';
import { type ShownCorrection } from './job-answer.js';

/** The corrections that will be recorded, each with room for a reason. */
export function SaveDialog({
  corrections,
  approves,
  save,
  close,
}: {
  corrections: readonly ShownCorrection[];
  /** Whether the document is then approved, and the next one comes. */
  approves: boolean;
  save: (reasons: ReadonlyMap<string, string>) => void;
  close: () => void;
}) {
  const dialog = useOpenDialog();
  const button = useRef<HTMLButtonElement>(null);
  const [reasons, setReasons] = useState<ReadonlyMap<string, string>>(new Map());
  useEffect(() => {
    button.current?.focus();
  }, []);
  const count = corrections.length;
  return (
    <dialog ref={dialog} class="review-save" aria-labelledby="review-save" onClose={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save(reasons);
        }}
      >
        <h2 id="review-save">
          {count === 0
            ? 'No value changes'
            : `${count} ${count === 1 ? 'correction' : 'corrections'} will be recorded`}
        </h2>
        <ol class="review-corrections">
          {corrections.map(({ field_path, op, old_value, new_value }) => (
            <li key={`${op} ${field_path}`}>
              <p>
                <span class="chip">{op}</span>{' '}
                <span class="mono">
                  <Text text={field_path === '' ? 'the whole document' : field_path} />
                </span>
              </p>
              <p class="mono review-change">
                {op !== 'add' && (
                  <del>
                    <Text text={old_value} />
                  </del>
                )}
                {op !== 'remove' && (
                  <ins>
                    <Text text={new_value} />
                  </ins>
                )}
              </p>
              <input
                aria-label={`Reason for ${field_path}`}
                placeholder="Reason (optional)"
                maxLength={10_000}
                value={reasons.get(field_path) ?? ''}
                onInput={({ currentTarget: { value } }) => {
                  const next = new Map(reasons);
                  if (value === '') next.delete(field_path);
                  else next.set(field_path, value);
                  setReasons(next);
                }}
              />
            </li>
          ))}
        </ol>
        <div class="actions">
          <button ref={button} type="submit" class="primary">
            {approves ? 'Save, approve and next' : 'Save'}
          </button>
          <button
            type="button"
            onClick={() => {
              dialog.current?.close();
            }}
          >
            Go on editing
          </button>
        </div>
      </form>
    </dialog>
  );
}
