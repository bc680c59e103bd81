import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type JsonNode } from '../json/json-node.js';
import { Text } from '../parts/text.js';
import { type Line, lineOf, linesBetween, linesOf } from './draft-lines.js';
import { isLeaf } from './draft-tree.js';
import { shownText } from './draft-values.js';
import { type Draft } from './use-draft.js';

/** Pixels of a line. All have the same height, so that only those in sight are drawn, however many there are. */
const HEIGHT = 32;
/** Lines that are drawn above and below those in sight. */
const AROUND = 8;
/** The most characters of a value in a line; the panel has all of it. */
const MOST = 300;

/** The part of a list that is in sight. */
export function useWindow(count: number, current: number, height = HEIGHT) {
  const frame = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState({ from: 0, until: 40 });
  const look = (): void => {
    const { scrollTop = 0, clientHeight = 0 } = frame.current ?? {};
    const from = Math.max(0, Math.floor(scrollTop / height) - AROUND);
    const until = Math.min(count, Math.ceil((scrollTop + clientHeight) / height) + AROUND);
    setRange((before) => (before.from === from && before.until === until ? before : { from, until }));
  };
  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const top = current * height;
    if (top < element.scrollTop + height) element.scrollTop = Math.max(0, top - 2 * height);
    else if (top + 2 * height > element.scrollTop + element.clientHeight)
      element.scrollTop = top + 3 * height - element.clientHeight;
    look();
  }, [current, count]);
  useEffect(() => {
    window.addEventListener('resize', look);
    return () => {
      window.removeEventListener('resize', look);
    };
  });
  return { frame, range, look };
}

/** The document line by line. */
export function LinesView({ draft }: { draft: Draft }) {
  const { root, place } = draft;
  const count = linesOf(root);
  const current = lineOf(root, place);
  const { frame, range, look } = useWindow(count, current);
  return (
    <div ref={frame} class="review-lines" onScroll={look} role="group" aria-label="Fields">
      <div class="review-all" style={{ height: `${count * HEIGHT}px` }}>
        {linesBetween(root, range.from, range.until).map((line, index) => (
          <LineView
            key={line.node.id}
            line={line}
            top={(range.from + index) * HEIGHT}
            isCurrent={range.from + index === current}
            draft={draft}
          />
        ))}
      </div>
    </div>
  );
}

function LineView({
  line: { node, place, label },
  top,
  isCurrent,
  draft,
}: {
  line: Line;
  top: number;
  isCurrent: boolean;
  draft: Draft;
}) {
  const isValue = isLeaf(node);
  const name = label === undefined ? 'document' : typeof label === 'number' ? `[${label}]` : label;
  return (
    <button
      type="button"
      tabIndex={-1}
      class="review-line"
      aria-current={isCurrent ? 'true' : undefined}
      style={{ top: `${top}px`, paddingLeft: `${0.5 + Math.min(place.length, 12) * 0.9}rem` }}
      onClick={() => {
        draft.dispatch({ do: 'go', place });
      }}
    >
      <span class="review-label">
        <Text text={name.slice(0, MOST)} />
      </span>
      {isValue ? (
        <span class="review-value mono">
          <Value node={node} most={MOST} />
        </span>
      ) : (
        <span class="soft small">
          {node.children.length.toLocaleString()} {node.kind === 'array' ? 'rows' : 'values'}
        </span>
      )}
      <Signs id={node.id} draft={draft} />
    </button>
  );
}

/** A value without parts. What is not there, and a text without a sign, look otherwise than texts do. */
export function Value({ node, most }: { node: JsonNode; most: number }) {
  if (node.text === 'null') return <em class="soft">null</em>;
  if (node.text === '""') return <em class="soft">empty</em>;
  return <Text text={shownText(node).slice(0, most)} />;
}

/** What is known of a field: confirmed here, or of how little the pipeline was sure. */
export function Signs({ id, draft }: { id: number; draft: Draft }) {
  const note = draft.notes.get(id);
  if (draft.confirmed.has(id)) return <span class="mark yes">confirmed</span>;
  if (draft.edited.has(id)) return <span class="mark yes">edited</span>;
  if (!draft.doubtful.has(id)) return null;
  const sure = `${Math.round((note?.confidence ?? 0) * 100)}%`;
  return (
    <span class="mark doubtful" title={`The pipeline was ${sure} sure of this field`}>
      {sure} sure
    </span>
  );
}
