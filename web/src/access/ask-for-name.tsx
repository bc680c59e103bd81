import { useEffect, useRef, useState } from 'preact/hooks';
import { session, setSession } from '../api/session.js';
import { NameField } from './name-field.js';
import { faultOfName } from './reviewer-name.js';

let show: ((answer: (name: string | undefined) => void) => void) | undefined;

/**
 * The name that corrections are recorded under. Asks for it, once in a tab, where nobody has given it yet.
 *
 * @returns undefined if the reviewer would not say
 */
export async function nameOfReviewer(): Promise<string | undefined> {
  const { name } = session();
  if (name !== undefined || !show) return name;
  const open = show;
  return new Promise(open);
}

/** The dialog of `nameOfReviewer`. It is in the page once. */
export function AskForName() {
  const dialog = useRef<HTMLDialogElement>(null);
  const answer = useRef<(name: string | undefined) => void>(undefined);
  const [name, setName] = useState('');
  const [fault, setFault] = useState<string>();
  useEffect(() => {
    show = (resolve) => {
      answer.current?.(undefined);
      answer.current = resolve;
      dialog.current?.showModal();
    };
    return () => {
      show = undefined;
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby="ask-for-name"
      onClose={() => {
        answer.current?.(session().name);
        answer.current = undefined;
      }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const wrong = faultOfName(name.trim());
          setFault(wrong);
          if (wrong !== undefined) return;
          setSession({ name: name.trim() });
          dialog.current?.close();
        }}
      >
        <h2 id="ask-for-name">Who reviews?</h2>
        <NameField value={name} fault={fault} onInput={setName} />
        <div class="actions">
          <button type="submit" class="primary">
            Go on
          </button>
          <button
            type="button"
            onClick={() => {
              dialog.current?.close();
            }}
          >
            Not now
          </button>
        </div>
      </form>
    </dialog>
  );
}
