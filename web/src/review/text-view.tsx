import { useState } from 'preact/hooks';
import { Buffer } from 'node:buffer';
import { compact, JsonTextError } from '../../../src/json-text/index.js';
import { treeOf } from './draft-tree.js';
import { type Draft } from './use-draft.js';

/** The document as text. What is typed here becomes the draft once it is JSON again. */
export function TextView({ draft }: { draft: Draft }) {
  const [typed, setTyped] = useState(draft.text);
  const [fault, setFault] = useState<string>();
  const use = (): void => {
    try {
      const text = compact(Buffer.from(typed)).toString();
      setFault(undefined);
      if (text !== draft.text) draft.dispatch({ do: 'load', root: treeOf(text) });
    } catch (error) {
      if (!(error instanceof JsonTextError)) throw error;
      setFault(error.message);
    }
  };
  return (
    <form
      class="review-text"
      onSubmit={(event) => {
        event.preventDefault();
        use();
      }}
    >
      <label class="visually-hidden" for="review-text">
        The document as JSON
      </label>
      <textarea
        id="review-text"
        class="mono"
        spellcheck={false}
        dir="ltr"
        value={typed}
        aria-invalid={fault !== undefined}
        onInput={({ currentTarget }) => {
          setTyped(currentTarget.value);
        }}
        onBlur={use}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && event.ctrlKey) {
            event.preventDefault();
            use();
          }
        }}
      />
      <div class="actions">
        <button type="submit">Use this text</button>
        <small role="status" class={fault === undefined ? 'soft' : 'fault'}>
          {fault === undefined ? 'Ctrl+Enter does the same.' : `This is not JSON yet: ${fault}`}
        </small>
      </div>
    </form>
  );
}
