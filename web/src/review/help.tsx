import { useOpenDialog } from '../parts/dialog.js';

/** The keys, and what they do. */
const KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ['↓ or j, ↑ or k', 'Next and previous field'],
  ['n, p', 'Next and previous field that the pipeline was unsure of'],
  ['Enter or e', 'Edit the field'],
  ['c', 'Confirm: the field is right as it is'],
  ['i', 'Insert a row after this one'],
  ['x or Delete', 'Remove the row'],
  ['u or Ctrl+Z', 'Undo'],
  ['1, 2, 3', 'Show fields, table, text'],
  ['s or Ctrl+S', 'Save: shows the corrections first'],
  ['a or Ctrl+Enter', 'Approve, and go on with the next document'],
  ['w', 'Skip: go on with the next document'],
  ['f', 'Flag the document'],
  ['?', 'This help'],
];

export function Help({ close }: { close: () => void }) {
  const dialog = useOpenDialog();
  return (
    <dialog ref={dialog} aria-labelledby="review-help" onClose={close}>
      <h2 id="review-help">Keys</h2>
      <dl class="review-keys">
        {KEYS.map(([keys, meaning]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <button
        type="button"
        class="primary"
        onClick={() => {
          dialog.current?.close();
        }}
      >
        Back to the document
      </button>
    </dialog>
  );
}
