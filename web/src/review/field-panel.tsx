import { useEffect, useRef, useState } from 'preact/hooks';
import { Text } from '../parts/text.js';
import { fieldPathOf, isLeaf, nodeAt, rowOf, valueBeside } from './draft-tree.js';
import { shownText, typedText } from './draft-values.js';
import { Signs, Value } from './lines-view.js';
import { type Draft } from './use-draft.js';

/** The field in focus: all of its value, and where it is edited. */
export function FieldPanel({
  draft,
  actions,
}: {
  draft: Draft;
  /** What keys do. */
  actions: Readonly<Record<string, () => void>>;
}) {
  const { root, place, isEditing } = draft;
  const node = nodeAt(root, place)!;
  const path = fieldPathOf(root, place);
  const isValue = isLeaf(node);
  const isInRow = rowOf(root, place) !== undefined;
  const buttons: readonly (readonly [key: string, title: string, isDisabled: boolean])[] = [
    ['e', 'Edit', !isValue],
    ['c', draft.confirmed.has(node.id) ? 'Not confirmed' : 'It is right', false],
    ['n', 'Next unsure', draft.unseen.length === 0],
    ['i', 'Insert row', !isInRow],
    ['x', 'Remove row', !isInRow],
  ];
  return (
    <section class="card review-panel" aria-labelledby="review-path" aria-live="polite">
      <div class="card-head">
        <h2 id="review-path" class="mono">
          <Text text={path === '' ? 'the whole document' : path} />
        </h2>
        <Signs id={node.id} draft={draft} />
      </div>
      {isEditing && isValue ? (
        <Editor key={node.id} draft={draft} />
      ) : (
        <button
          type="button"
          class="quiet review-current mono"
          disabled={!isValue}
          onClick={() => {
            draft.dispatch({ do: 'edit' });
          }}
        >
          {isValue ? <Value node={node} most={Infinity} /> : `${node.children.length} values`}
        </button>
      )}
      <div class="actions" role="group" aria-label="What to do with the field">
        {buttons.map(([key, title, isDisabled]) => (
          <button
            key={key}
            type="button"
            class="quiet"
            disabled={isDisabled || isEditing}
            onClick={actions[key]}
          >
            {title} <kbd>{key}</kbd>
          </button>
        ))}
      </div>
    </section>
  );
}

function Editor({ draft }: { draft: Draft }) {
  const { root, place, dispatch } = draft;
  const node = nodeAt(root, place)!;
  const [typed, setTyped] = useState(() => shownText(node));
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, []);
  // Leaving the field, by which its text is kept, happens after Escape too.
  const isLeft = useRef(false);
  const use = (): void => {
    if (isLeft.current) return;
    isLeft.current = true;
    dispatch({ do: 'replace', place, text: typedText(node, typed, valueBeside(root, place)) });
  };
  return (
    <>
      <textarea
        ref={field}
        class="mono"
        aria-label="New value"
        rows={Math.min(8, typed.split('\n', 8).length)}
        spellcheck={false}
        value={typed}
        onInput={({ currentTarget }) => {
          setTyped(currentTarget.value);
        }}
        onBlur={use}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === 'Escape') {
            event.preventDefault();
            isLeft.current = true;
            dispatch({ do: 'leave' });
          } else if (event.key === 'Enter' && !event.shiftKey) {
            event.preventDefault();
            use();
          }
        }}
      />
      <small class="soft">Enter keeps it, Shift+Enter begins a line, Escape leaves it as it was.</small>
    </>
  );
}
