import { useEffect, useMemo, useReducer, useState } from 'preact/hooks';
import { parseFieldPath } from '../../../src/json-text/index.js';
import { type Schemas } from '../api/client.js';
import { decoded } from '../json/bytes.js';
import { type JsonNode } from '../json/json-node.js';
import { forgetDraft, storeDraft, type StoredDraft } from './drafts.js';
import {
  addMember,
  fieldPathOf,
  firstLeaf,
  insertRowAfter,
  isLeaf,
  isSameText,
  nextLeaf,
  nextPlace,
  nodeAt,
  pathOf,
  type Place,
  placeAt,
  placesOf,
  removeAt,
  replaceAt,
  rowOf,
  textOf,
  treeOf,
} from './draft-tree.js';
import { type JobAnswer } from './job-answer.js';
import { withValuesOf } from './same-values.js';

export type FieldNote = Schemas['CurrentField'];

interface State {
  readonly root: JsonNode;
  readonly place: Place;
  readonly confirmed: ReadonlySet<number>;
  /** Values that were edited one by one: whoever edits a value has looked at it. */
  readonly edited: ReadonlySet<number>;
  /** What undo goes back to. */
  readonly before: readonly Omit<State, 'before' | 'editing'>[];
  /** What is edited at the place, if anything is: a value, or one that was added for it. */
  readonly editing: 'value' | 'new value' | undefined;
}

export type Action =
  | { readonly do: 'go'; readonly place: Place }
  | { readonly do: 'step'; readonly by: 1 | -1 }
  | { readonly do: 'doubtful'; readonly by: 1 | -1; readonly ids: ReadonlySet<number> }
  | { readonly do: 'edit' | 'leave' | 'insert' | 'remove' | 'undo' }
  | { readonly do: 'replace'; readonly place: Place; readonly text: string }
  /** A member that a row lacks, to be edited at once. */
  | { readonly do: 'add'; readonly row: Place; readonly name: string }
  | { readonly do: 'confirm'; readonly ids: ReadonlySet<number> }
  /** Another text of the whole document; what is the same in it is shared. */
  | { readonly do: 'load'; readonly root: JsonNode };

function reduce(state: State, action: Action): State {
  const { root, place, confirmed, edited: looked } = state;
  const { before: _before, editing: _editing, ...kept } = state;
  const edited = (change: Partial<State>): State => ({
    ...state,
    before: [...state.before, kept],
    editing: undefined,
    ...change,
  });
  switch (action.do) {
    case 'go':
      return { ...state, place: action.place, editing: undefined };
    case 'step':
      return { ...state, place: nextLeaf(root, place, action.by) ?? place, editing: undefined };
    case 'doubtful':
      return { ...state, place: nextDoubtful(state, action.ids, action.by) ?? place, editing: undefined };
    case 'edit':
      return { ...state, editing: isLeaf(nodeAt(root, place) ?? root) ? 'value' : undefined };
    case 'leave':
      return state.editing === 'new value' ? reduce(state, { do: 'undo' }) : { ...state, editing: undefined };
    case 'replace': {
      const node = nodeAt(root, action.place);
      if (!node || textOf(node) === action.text) return { ...state, editing: undefined };
      // It is edited, which says more than that it is right.
      return edited({
        root: replaceAt(root, action.place, action.text),
        confirmed: without(confirmed, node.id),
        edited: new Set([...looked, node.id]),
      });
    }
    case 'insert': {
      const row = rowOf(root, place);
      if (!row) return state;
      const inserted = insertRowAfter(root, row);
      const first = firstLeaf(inserted.root, inserted.place);
      return edited({ root: inserted.root, place: first });
    }
    case 'add': {
      const added = addMember(root, action.row, action.name);
      return edited({ ...added, editing: 'new value' });
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
      return last ? { ...last, before: state.before.slice(0, -1), editing: undefined } : state;
    }
    case 'confirm': {
      const node = nodeAt(root, place)!;
      if (confirmed.has(node.id)) return edited({ confirmed: without(confirmed, node.id) });
      const next = edited({ confirmed: new Set([...confirmed, node.id]) });
      return { ...next, place: nextDoubtful(next, action.ids, 1) ?? nextLeaf(root, place, 1) ?? place };
    }
    case 'load':
      if (isSameText(root, action.root)) return state;
      return edited({ root: action.root, place: placeLike(root, place, action.root) });
  }
}

/** The place in another document that has the same path, or the first value, if there is none. */
function placeLike(root: JsonNode, place: Place, other: JsonNode): Place {
  return firstLeaf(other, placeAt(other, pathOf(root, place)) ?? []);
}

function without(set: ReadonlySet<number>, id: number): ReadonlySet<number> {
  return new Set([...set].filter((each) => each !== id));
}

type Seen = Pick<State, 'confirmed' | 'edited'>;

/** Those of the fields that nobody has confirmed or edited here. */
function unseenOf({ confirmed, edited }: Seen, ids: ReadonlySet<number>): ReadonlySet<number> {
  return new Set([...ids].filter((id) => !confirmed.has(id) && !edited.has(id)));
}

/** The next of the fields that the pipeline was unsure of, and that nobody has seen; behind the last one comes the first. */
function nextDoubtful(
  { root, place, ...seen }: Seen & Pick<State, 'root' | 'place'>,
  ids: ReadonlySet<number>,
  by: 1 | -1,
): Place | undefined {
  const unseen = unseenOf(seen, ids);
  const next = nextPlace(root, place, by, ({ id }) => unseen.has(id));
  return next ?? placesOf(root, unseen).at(by === 1 ? 0 : -1);
}

/** What a draft begins with. */
export interface Start {
  /** Undefined: the document of the job. */
  readonly text: string | undefined;
  /** Field paths in the text. */
  readonly confirmed: readonly string[];
}

/** Milliseconds after the last change. Keeping a draft of megabytes takes a part of the time between two keys. */
const KEPT_AFTER = 300;

/**
 * A document under review: what it was, what it is, and what was said of its fields. For one job and version: a component that shows
 * another has another key.
 *
 * @param below a field of which the pipeline was less sure than this is visited first
 */
export function useDraft(job: JobAnswer, start: Start, below: number) {
  const first = useMemo(() => begin(job, start, below), [job]);
  const [state, dispatch] = useReducer<State, Action, State>(reduce, first.state, (initial) => initial);
  const [keeping, setKeeping] = useState<'not yet' | 'kept' | 'no room'>('not yet');
  const { root, confirmed } = state;
  const isChanged = useMemo(() => !isSameText(root, first.base), [root, first]);
  // Written when it is needed: over a document of megabytes, each key would wait for it.
  const written = useMemo(() => once(() => write(job, first.text, state)), [job, first, root, confirmed]);
  useEffect(() => {
    let isDone = false;
    const keep = (): void => {
      if (isDone) return;
      isDone = true;
      if (!isChanged && confirmed.size === 0) void forgetDraft(job.job_id);
      else
        void storeDraft(job.job_id, written()).then((hasRoom) => {
          setKeeping(hasRoom ? 'kept' : 'no room');
        });
    };
    setKeeping((before) => (before === 'no room' ? before : 'not yet'));
    const timer = setTimeout(keep, KEPT_AFTER);
    window.addEventListener('pagehide', keep);
    return () => {
      clearTimeout(timer);
      window.removeEventListener('pagehide', keep);
    };
  }, [job, isChanged, confirmed, written]);
  const { notes, doubtful } = first;
  const { edited, editing } = state;
  // Without those of rows that were removed.
  const unseen = useMemo(
    () => placesOf(root, unseenOf({ confirmed, edited }, doubtful)),
    [root, doubtful, confirmed, edited],
  );
  const isEditing = editing !== undefined;
  return { ...state, isEditing, dispatch, written, isChanged, keeping, notes, doubtful, unseen };
}

export type Draft = ReturnType<typeof useDraft>;

function write(
  { etag, correction_count }: JobAnswer,
  base: () => string,
  { root, confirmed }: State,
): StoredDraft {
  const paths = placesOf(root, confirmed).map((place) => fieldPathOf(root, place));
  return { etag, base: base(), correction_count, text: textOf(root), confirmed: paths };
}

/** Computes a value when it is first asked for. */
function once<Value>(compute: () => Value): () => Value {
  let known: { readonly value: Value } | undefined;
  return () => (known ??= { value: compute() }).value;
}

function begin(job: JobAnswer, { text, confirmed }: Start, below: number) {
  const base = treeOf(job.result!);
  const root = text === undefined ? base : withValuesOf(base, treeOf(text));
  // The paths are those of the document of the job: in a draft, rows may have moved.
  const notes = new Map<number, FieldNote>();
  const doubtful = new Set<number>();
  for (const [path, note] of Object.entries(job.fields ?? {})) {
    const id = nodeOf(base, path)?.id;
    if (id === undefined) continue;
    notes.set(id, note);
    const { confidence, touched } = note;
    if (typeof confidence === 'number' && confidence < below && !touched) doubtful.add(id);
  }
  const start = firstLeaf(root, []);
  const state: State = {
    root,
    place: start,
    confirmed: new Set(confirmed.flatMap((path) => nodeOf(root, path)?.id ?? [])),
    edited: editedOf(base, root, doubtful),
    before: [],
    editing: undefined,
  };
  const isDoubtful = doubtful.has(nodeAt(root, start)!.id);
  const place = isDoubtful ? start : (nextDoubtful(state, doubtful, 1) ?? start);
  return { base, text: once(() => decoded(job.result!)), state: { ...state, place }, notes, doubtful };
}

/** Those of the values that a draft has otherwise than the document of the job. */
function editedOf(base: JsonNode, root: JsonNode, ids: ReadonlySet<number>): ReadonlySet<number> {
  if (base === root) return new Set();
  const before = new Map(placesOf(base, ids).map((place) => [nodeAt(base, place)!.id, nodeAt(base, place)!]));
  const now = placesOf(root, ids).map((place) => nodeAt(root, place)!);
  return new Set(now.filter((node) => !isSameText(node, before.get(node.id)!)).map(({ id }) => id));
}

function nodeOf(root: JsonNode, path: string): JsonNode | undefined {
  const place = placeAt(root, parseFieldPath(path));
  return place && nodeAt(root, place);
}
