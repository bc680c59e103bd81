import { useEffect, useRef, useState } from 'preact/hooks';
import { compact, JsonTextError } from '../../../src/json-text/index.js';
import { bytesOf } from '../json/bytes.js';
import { type JsonNode } from '../json/json-node.js';
import { Waiting } from '../parts/states.js';
import { treeOf } from './draft-tree.js';
import { indented } from './draft-values.js';
import { withValuesOf } from './same-values.js';
import { type TextEditor } from './text-editor.js';
import { type Draft } from './use-draft.js';

/** The document as text. What is typed here becomes the draft when the text is left, once it is JSON again. */
export function TextView({
  draft,
  fault,
  setFault,
  leave,
}: {
  draft: Draft;
  /** Why what was typed is not used; undefined where it is. */
  fault: string | undefined;
  setFault: (fault: string | undefined) => void;
  /** Goes back to the keys of the page. */
  leave: () => void;
}) {
  const { root, dispatch } = draft;
  const frame = useRef<HTMLDivElement>(null);
  const editor = useRef<TextEditor>(undefined);
  const [isOpen, setOpen] = useState(false);
  const isTouched = useRef(false);
  /** The document whose text is in the editor, as long as nothing is typed. */
  const shown = useRef<JsonNode>(undefined);
  const show = (): void => {
    shown.current = root;
    editor.current?.show(indented(root));
  };
  const use = (): void => {
    if (!editor.current || !isTouched.current) return;
    try {
      const read = withValuesOf(root, treeOf(compact(bytesOf(editor.current.text()))));
      isTouched.current = false;
      shown.current = read;
      editor.current.expectChange();
      setFault(undefined);
      dispatch({ do: 'load', root: read });
    } catch (error) {
      if (!(error instanceof JsonTextError)) throw error;
      setFault(error.message);
    }
  };
  const present = useRef({ use, leave });
  present.current = { use, leave };
  useEffect(() => {
    let isGone = false;
    // A program of its own, which only those load who edit text.
    void import('./text-editor.js').then(({ openTextEditor }) => {
      if (isGone) return;
      editor.current = openTextEditor(frame.current!, 'The document as JSON', {
        onChange: () => {
          isTouched.current = true;
        },
        use: () => {
          present.current.use();
        },
        leave: () => {
          present.current.leave();
        },
      });
      setOpen(true);
    });
    return () => {
      isGone = true;
      editor.current?.close();
    };
  }, []);
  useEffect(() => {
    if (isOpen && !isTouched.current && shown.current !== root) show();
  }, [isOpen, root]);
  return (
    <div class="review-text">
      {!isOpen && <Waiting what="the text" />}
      <div
        ref={frame}
        class="review-text-frame"
        hidden={!isOpen}
        onBlur={use}
        onKeyDown={(event) => {
          // All keys are those of the text.
          event.stopPropagation();
        }}
      />
      <div class="actions">
        <button type="button" onClick={use}>
          Use this text
        </button>
        {fault !== undefined && (
          <button
            type="button"
            onClick={() => {
              isTouched.current = false;
              setFault(undefined);
              show();
            }}
          >
            Drop what I typed
          </button>
        )}
        <small role="status" class={fault === undefined ? 'soft' : 'fault'}>
          {fault === undefined
            ? 'Ctrl+Enter uses it, Escape leaves the text.'
            : `This is not JSON yet: ${fault}`}
        </small>
      </div>
    </div>
  );
}
