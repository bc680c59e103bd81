import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { EditorState } from '@codemirror/state';
import { drawSelection, EditorView, highlightSpecialChars, keymap, lineNumbers } from '@codemirror/view';

/** An editor of text that stays quick over megabytes: it draws only the lines in sight. */
export interface TextEditor {
  readonly text: () => string;
  readonly show: (text: string) => void;
  /** Has `onChange` called after the next change. */
  readonly expectChange: () => void;
  readonly close: () => void;
}

const LOOKS = EditorView.theme({
  '&': { height: '100%', color: 'var(--ink)', background: 'var(--surface)' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', fontSize: 'var(--small)', lineHeight: '1.5' },
  '.cm-content': { caretColor: 'var(--ink)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-gutters': {
    background: 'var(--sunken)',
    color: 'var(--ink-soft)',
    borderRight: '1px solid var(--line)',
  },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    background: 'var(--accent-soft)',
  },
  '.cm-specialChar': { color: 'var(--bad)' },
});

/**
 * Opens an editor in an element.
 *
 * @param onChange is called after the first change of what `show` has shown
 * @param use is called by Ctrl+Enter
 * @param leave is called by Escape
 */
export function openTextEditor(
  parent: HTMLElement,
  label: string,
  { onChange, use, leave }: { onChange: () => void; use: () => void; leave: () => void },
): TextEditor {
  // In a shadow root, the editor adopts its style sheets; elsewhere it writes them into the page, which the policy refuses.
  const root = parent.shadowRoot ?? parent.attachShadow({ mode: 'open' });
  const run = (step: () => void) => (): boolean => {
    step();
    return true;
  };
  let isTouched = false;
  const extensions = [
    lineNumbers(),
    history(),
    drawSelection(),
    highlightSpecialChars(),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'aria-label': label, dir: 'ltr' }),
    LOOKS,
    keymap.of([
      { key: 'Ctrl-Enter', run: run(use) },
      { key: 'Escape', run: run(leave) },
      ...defaultKeymap,
      ...historyKeymap,
    ]),
    EditorView.updateListener.of(({ docChanged }) => {
      if (!docChanged || isTouched) return;
      isTouched = true;
      onChange();
    }),
  ];
  const view = new EditorView({ root, parent: root as unknown as Element });
  return {
    text: () => view.state.doc.toString(),
    show: (text) => {
      isTouched = false;
      view.setState(EditorState.create({ doc: text, extensions }));
    },
    expectChange: () => {
      isTouched = false;
    },
    close: () => {
      view.destroy();
    },
  };
}
