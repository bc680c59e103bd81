import { useEffect, useMemo, useReducer, useState } from 'preact/hooks';
import { parseFieldPath } from '../../../src/json-text/index.js';
import { type Schemas } from '../api/client.js';
import { type JsonNode } from '../json/json-node.js';
import { forgetDraft, storeDraft } from './drafts.js';
import {
  fieldPathOf,
  insertRowAfter,
  isLeaf,
  lineOf,
  nextLeaf,
  nodeAt,
  type Place,
  placeAt,
  placeOfId,
  removeAt,
  replaceAt,
  rowOf,
  textOf,
  treeOf,
} from './draft-tree.js';
import { type JobAnswer } from './job-answer.js';

export type FieldNote = Schemas['CurrentField'];

interface State {
  readonly root: JsonNode;
  readonly place: Place;
  readonly confirmed: ReadonlySet<number>;
  /** What undo goes back to. */
  readonly before: readonly Omit<State, 'before' | 'isEditing'>[];
  readonly isEditing: boolean;
}

export type Action =
  | { readonly do: 'go'; readonly place: Place }
  | { readonly do: 'step'; readonly by: 1 | -1 }
  | { readonly do: 'doubtful'; readonly by: 1 | -1; readonly ids: ReadonlySet<number> }
  | { readonly do: 'edit' | 'leave' | 'insert' | 'remove' | 'undo' }
  | { readonly do: 'replace'; readonly place: Place; readonly text: string }
  | { readonly do: 'confirm'; readonly ids: ReadonlySet<number> }
  | { readonly do: 'load'; readonly root: JsonNode };

function reduce(state: State, action: Action): State {
  const { root, place, confirmed } = state;
  const { before: _before, isEditing: _isEditing, ...kept } = state;
  const edited = (change: Partial<State>): State => ({
    ...state,
    before: [...state.before, kept],
    isEditing: false,
    ...change,
  });
  switch (action.do) {
    case 'go':
      return { ...state, place: action.place, isEditing: false };
    case 'step':
      return { ...state, place: nextLeaf(root, place, action.by) ?? place, isEditing: false };
    case 'doubtful':
      return { ...state, place: nextDoubtful(state, action.ids, action.by) ?? place, isEditing: false };
    case 'edit':
      return { ...state, isEditing: isLeaf(nodeAt(root, place) ?? root) };
    case 'leave':
      return { ...state, isEditing: false };
    case 'replace': {
      const node = nodeAt(root, action.place);
      if (!node || textOf(node) === action.text) return { ...state, isEditing: false };
      // It is edited, which says more than that it is right.
      return edited({
        root: replaceAt(root, action.place, action.text),
        confirmed: without(confirmed, node.id),
      });
    }
    case 'insert': {
      const row = rowOf(root, place);
      if (!row) return state;
      const inserted = insertRowAfter(root, row);
      const first = firstLeaf(inserted.root, inserted.place);
      return edited({ root: inserted.root, place: first });
    }
    case 'remove': {
      const row = rowOf(root, place);
      if (!row) return state;
      const left = removeAt(root, row);
      const parent = row.slice(0, -1);
      const count = nodeAt(left, parent)!.children.length;
      const at = count === 0 ? parent : [...parent, Math.min(row.at(-1)!, count - 1)];
      return edited({ root: left, place: firstLeaf(left, at) });
    }
    case 'undo': {
      const last = state.before.at(-1);
      return last ? { ...last, before: state.before.slice(0, -1), isEditing: false } : state;
    }
    case 'confirm': {
      const node = nodeAt(root, place)!;
      if (confirmed.has(node.id)) return edited({ confirmed: without(confirmed, node.id) });
      const next = edited({ confirmed: new Set([...confirmed, node.id]) });
      return { ...next, place: nextDoubtful(next, action.ids, 1) ?? nextLeaf(root, place, 1) ?? place };
    }
    case 'load':
      return edited({ root: action.root, place: firstLeaf(action.root, []) });
  }
}

function without(set: ReadonlySet<number>, id: number): ReadonlySet<number> {
  return new Set([...set].filter((each) => each !== id));
}

function firstLeaf(root: JsonNode, place: Place): Place {
  let at = place;
  for (let node = nodeAt(root, place)!; node.children.length > 0; node = node.children[0]!.node)
    at = [...at, 0];
  return at;
}

/** The next of the fields that the pipeline was unsure of, and that nobody has confirmed here. */
function nextDoubtful(
  { root, place, confirmed }: Pick<State, 'root' | 'place' | 'confirmed'>,
  ids: ReadonlySet<number>,
  by: 1 | -1,
): Place | undefined {
  const here = lineOf(root, place);
  const lines = [...ids]
    .filter((id) => !confirmed.has(id))
    .map((id) => placeOfId(root, id))
    .filter((found) => found !== undefined)
    .map((found) => ({ found, line: lineOf(root, found) }))
    .filter(({ line }) => (line - here) * by > 0)
    .sort((a, b) => (a.line - b.line) * by);
  return lines[0]?.found;
}

/** What a draft begins with. */
export interface Start {
  readonly text: string;
  /** Field paths in the text. */
  readonly confirmed: readonly string[];
}

/**
 * A document under review: what it was, what it is, and what was said of its fields. For one job and version: a component that shows
 * another has another key.
 *
 * @param below a field of which the pipeline was less sure than this is visited first
 */
export function useDraft(job: JobAnswer, start: Start, below: number) {
  const base = useMemo(() => job.result!.toString(), [job]);
  const first = useMemo(() => begin(job, start, below), [job]);
  const [state, dispatch] = useReducer<State, Action, State>(reduce, first.state, (initial) => initial);
  const [isKept, setKept] = useState(true);
  const text = useMemo(() => textOf(state.root), [state.root]);
  const isChanged = text !== base;
  const doubtful = useMemo(
    () =>
      new Set(
        [...first.notes].flatMap(([id, { confidence, touched }]) =>
          typeof confidence === 'number' && confidence < below && !touched ? [id] : [],
        ),
      ),
    [first, below],
  );
  const confirmedPaths = useMemo(
    () =>
      [...state.confirmed].flatMap((id) => {
        const place = placeOfId(state.root, id);
        return place ? [fieldPathOf(state.root, place)] : [];
      }),
    [state.root, state.confirmed],
  );
  useEffect(() => {
    const { etag, correction_count } = job;
    const keep = (): void => {
      if (!isChanged && confirmedPaths.length === 0) forgetDraft(job.job_id);
      else setKept(storeDraft(job.job_id, { etag, base, correction_count, text, confirmed: confirmedPaths }));
    };
    const timer = setTimeout(keep, 300);
    window.addEventListener('pagehide', keep);
    return () => {
      clearTimeout(timer);
      window.removeEventListener('pagehide', keep);
    };
  }, [job, base, text, isChanged, confirmedPaths]);
  return {
    ...state,
    dispatch,
    base,
    text,
    isChanged,
    isKept,
    notes: first.notes,
    doubtful,
    confirmedPaths,
  };
}

export type Draft = ReturnType<typeof useDraft>;

function begin(
  job: JobAnswer,
  { text, confirmed }: Start,
  below: number,
): { state: State; notes: ReadonlyMap<number, FieldNote> } {
  const root = treeOf(text);
  const noted = Object.entries(job.fields ?? {}).flatMap(([path, note]) => {
    const node = nodeOf(root, path);
    return node ? [[node.id, note] as const] : [];
  });
  const notes = new Map(noted);
  const ids = noted.flatMap(([id, { confidence, touched }]) =>
    typeof confidence === 'number' && confidence < below && !touched ? [id] : [],
  );
  const start = firstLeaf(root, []);
  const state: State = {
    root,
    place: start,
    confirmed: new Set(confirmed.flatMap((path) => nodeOf(root, path)?.id ?? [])),
    before: [],
    isEditing: false,
  };
  const isDoubtful = ids.includes(nodeAt(root, start)!.id);
  const place = isDoubtful ? start : (nextDoubtful(state, new Set(ids), 1) ?? start);
  return { state: { ...state, place }, notes };
}

function nodeOf(root: JsonNode, path: string): JsonNode | undefined {
  const place = placeAt(root, parseFieldPath(path));
  return place && nodeAt(root, place);
}
