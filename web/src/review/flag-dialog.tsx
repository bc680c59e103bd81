import { useState } from 'preact/hooks';
import { type Schemas } from '../api/client.js';
import { useOpenDialog } from '../parts/dialog.js';
import { Text } from '../parts/text.js';

/** Names that most teams need; any other can be typed. */
const USUAL = ['unreadable', 'doubtful', 'wrong_document'];

/** Sets and takes away review flags. */
export function FlagDialog({
  flags,
  set,
  close,
}: {
  flags: readonly string[];
  set: (change: Schemas['FlagChange']) => void;
  close: () => void;
}) {
  const dialog = useOpenDialog();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(flags));
  const [other, setOther] = useState('');
  return (
    <dialog ref={dialog} aria-labelledby="review-flags" onClose={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const wanted = new Set([...chosen, ...(other.trim() === '' ? [] : [other.trim()])]);
          set({
            add: [...wanted].filter((flag) => !flags.includes(flag)),
            remove: flags.filter((flag) => !wanted.has(flag)),
          });
        }}
      >
        <h2 id="review-flags">Flags</h2>
        {[...new Set([...flags, ...USUAL])].map((flag) => (
          <label key={flag} class="review-flag">
            <input
              type="checkbox"
              checked={chosen.has(flag)}
              onChange={({ currentTarget }) => {
                const next = new Set(chosen);
                if (currentTarget.checked) next.add(flag);
                else next.delete(flag);
                setChosen(next);
              }}
            />
            <Text text={flag} />
          </label>
        ))}
        <label class="field">
          <span>Another flag</span>
          <input
            value={other}
            maxLength={1_024}
            onInput={({ currentTarget }) => {
              setOther(currentTarget.value);
            }}
          />
        </label>
        <div class="actions">
          <button type="submit" class="primary">
            Set the flags
          </button>
          <button
            type="button"
            onClick={() => {
              dialog.current?.close();
            }}
          >
            Leave them
          </button>
        </div>
      </form>
    </dialog>
  );
}
