import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { nameOfReviewer } from '../access/ask-for-name.js';
import { ApiError, ask } from '../api/client.js';
import { Failed } from '../parts/states.js';
import { nodeAt } from './draft-tree.js';
import { forgetDraft, storeDraft } from './drafts.js';
import { FieldPanel } from './field-panel.js';
import { FlagDialog } from './flag-dialog.js';
import { Help } from './help.js';
import { type JobAnswer, readCorrections, type ShownCorrection } from './job-answer.js';
import { LinesView } from './lines-view.js';
import { SaveDialog } from './save-dialog.js';
import { SourceView } from './source-view.js';
import { TableView } from './table-view.js';
import { TextView } from './text-view.js';
import { type Action, type Start, useDraft } from './use-draft.js';

const RESULT_WITH_REASONS = 'application/vnd.ground-truth.result+json';
/** A request takes so many paths. */
const MOST_PATHS = 1_000;

const VIEWS = [
  ['fields', 'Fields'],
  ['table', 'Table'],
  ['text', 'Text'],
] as const;
type View = (typeof VIEWS)[number][0];

type Open =
  | { readonly dialog: 'help' | 'flag' }
  | { readonly dialog: 'save'; readonly corrections: readonly ShownCorrection[]; readonly approves: boolean };

/** What the page does with the job that is open. */
export interface Steps {
  /** The job was saved, flagged or changed by somebody else: read it again. */
  readonly reload: (said: string) => void;
  /** The job was approved: go on with another. */
  readonly approved: () => void;
  readonly skip: () => void;
}

/** The document under review, beside what it was read from. */
export function Editor({
  job,
  start,
  below,
  zoom,
  setZoom,
  said: saidBefore,
  steps,
}: {
  job: JobAnswer;
  start: Start;
  below: number;
  /** How large the source is shown: what suits one document suits the next. */
  zoom: number;
  setZoom: (zoom: number) => void;
  /** What there is to say of what was done before. */
  said: string;
  steps: Steps;
}) {
  const draft = useDraft(job, start, below);
  const [view, setView] = useState<View>('fields');
  const [open, setOpen] = useState<Open>();
  const [error, setError] = useState<Error>();
  const [isBusy, setBusy] = useState(false);
  const [said, setSaid] = useState(saidBefore);
  /** Why the text that was typed is no document. */
  const [fault, setFault] = useState<string>();
  const frame = useRef<HTMLDivElement>(null);
  const jobPath = `jobs/${job.job_id}`;

  const focusFrame = (): void => {
    frame.current?.focus({ preventScroll: true });
  };
  /** What was typed as text and is not JSON yet would be lost. */
  const isHeldByText = (): boolean => {
    if (fault === undefined) return false;
    setSaid('The text is not JSON yet: mend it, or drop what you typed.');
    return true;
  };
  /** Runs one step at a time, and says what went wrong. */
  const run = async (step: () => Promise<void>): Promise<void> => {
    if (isBusy) return;
    setError(undefined);
    setSaid('');
    if ((await nameOfReviewer()) === undefined) return;
    setBusy(true);
    try {
      await step();
    } catch (failure) {
      if (failure instanceof ApiError && failure.kind === 'precondition-failed') {
        await storeDraft(job.job_id, draft.written());
        setOpen(undefined);
        steps.reload('');
      } else setError(failure as Error);
    } finally {
      setBusy(false);
    }
  };

  const confirm = async (etag: string): Promise<void> => {
    const { confirmed: paths } = draft.written();
    for (let at = 0; at < paths.length; at += MOST_PATHS)
      await ask(`${jobPath}/confirmations`, {
        method: 'POST',
        headers: { 'If-Match': etag },
        body: JSON.stringify({ field_paths: paths.slice(at, at + MOST_PATHS) }),
      });
  };

  /** @returns the version after it */
  const write = async (reasons: ReadonlyMap<string, string>): Promise<string> => {
    let { etag } = job;
    if (draft.isChanged) {
      const named = JSON.stringify(Object.fromEntries(reasons));
      const response = await ask(`${jobPath}/result`, {
        method: 'PUT',
        headers: { 'If-Match': etag, 'Content-Type': RESULT_WITH_REASONS },
        body: `{"result":${draft.written().text},"reasons":${named}}`,
      });
      etag = response.headers.get('etag') ?? etag;
    }
    await confirm(etag);
    await forgetDraft(job.job_id);
    return etag;
  };

  const approve = async (etag: string): Promise<void> => {
    await ask(`${jobPath}/approval`, { method: 'PUT', headers: { 'If-Match': etag } });
    steps.approved();
  };

  const propose = (approves: boolean): void => {
    if (isHeldByText()) return;
    void run(async () => {
      if (!draft.isChanged) {
        if (approves) await approve(await write(new Map()));
        else if (draft.written().confirmed.length > 0) {
          await write(new Map());
          steps.reload('The confirmations are recorded.');
        } else setSaid('There is nothing to save: no value was changed or confirmed.');
        return;
      }
      const response = await ask(`${jobPath}/result`, {
        method: 'PUT',
        query: { dry_run: true },
        headers: { 'If-Match': job.etag },
        body: draft.written().text,
      });
      setOpen({ dialog: 'save', corrections: await readCorrections(response), approves });
    });
  };

  const save = (reasons: ReadonlyMap<string, string>, approves: boolean): void => {
    void run(async () => {
      const etag = await write(reasons);
      setOpen(undefined);
      if (approves) await approve(etag);
      else steps.reload('Saved.');
    });
  };

  const { dispatch, doubtful } = draft;
  const doing = (action: Action) => (): void => {
    dispatch(action);
  };
  const showing = (name: View) => (): void => {
    if (isHeldByText()) return;
    setView(name);
  };
  const opening = (dialog: 'flag' | 'help') => (): void => {
    setOpen({ dialog });
  };
  const proposing = (approves: boolean) => (): void => {
    propose(approves);
  };
  const actions: Readonly<Record<string, () => void>> = {
    ArrowDown: doing({ do: 'step', by: 1 }),
    j: doing({ do: 'step', by: 1 }),
    ArrowUp: doing({ do: 'step', by: -1 }),
    k: doing({ do: 'step', by: -1 }),
    n: doing({ do: 'doubtful', by: 1, ids: doubtful }),
    p: doing({ do: 'doubtful', by: -1, ids: doubtful }),
    Enter: doing({ do: 'edit' }),
    e: doing({ do: 'edit' }),
    c: doing({ do: 'confirm', ids: doubtful }),
    i: doing({ do: 'insert' }),
    x: doing({ do: 'remove' }),
    Delete: doing({ do: 'remove' }),
    u: doing({ do: 'undo' }),
    '1': showing('fields'),
    '2': showing('table'),
    '3': showing('text'),
    s: proposing(false),
    a: proposing(true),
    w: steps.skip,
    f: opening('flag'),
    '?': opening('help'),
  };
  const buttons: readonly (readonly [key: string, title: string, isDisabled: boolean])[] = [
    ['a', 'Approve and next', isBusy],
    ['s', 'Save', isBusy],
    ['w', 'Skip', false],
    ['f', 'Flag', false],
    ['u', 'Undo', draft.before.length === 0],
    ['?', 'Keys', false],
  ];
  const WITH_CONTROL: Readonly<Record<string, string>> = { z: 'u', s: 's', Enter: 'a' };

  // Not after the painting: the next key may come before it, and must not meet the state of before.
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const target = event.target as HTMLElement;
      const isTyping = /^(?:INPUT|SELECT|TEXTAREA)$/.test(target.tagName);
      const isElsewhere = target.closest('dialog') !== null || event.altKey || event.metaKey;
      // Buttons and links keep their own keys, except for lines of the document.
      const isLine = target.closest('.review-lines') !== null;
      const isPressed =
        event.key === 'Enter' && /^(?:BUTTON|A)$/.test(target.tagName) && !isLine && !event.ctrlKey;
      if (event.defaultPrevented || isTyping || isElsewhere || isPressed) return;
      const name = event.ctrlKey ? WITH_CONTROL[event.key] : event.key;
      const action = name === undefined ? undefined : actions[name];
      if (!action) return;
      event.preventDefault();
      action();
    };
    document.addEventListener('keydown', press);
    return () => {
      document.removeEventListener('keydown', press);
    };
  });
  useEffect(() => {
    if (!draft.isEditing && !open && !(document.activeElement instanceof HTMLSelectElement)) focusFrame();
  }, [draft.isEditing, open]);

  const note = draft.notes.get(nodeAt(draft.root, draft.place)?.id ?? -1);
  const closeDialog = (): void => {
    setOpen(undefined);
  };
  return (
    <>
      {error && <Failed error={error} />}
      {draft.keeping === 'no room' && (
        <p class="notice failed" role="alert">
          This browser has no room to keep the draft: save before you close the page.
        </p>
      )}
      <div class="review">
        <div class="review-source card">
          <SourceView sources={job.sources} note={note} zoom={zoom} setZoom={setZoom} />
        </div>
        <div class="review-document" ref={frame} tabIndex={-1}>
          <div class="actions" role="group" aria-label="What to do with the document">
            {buttons.map(([key, title, isDisabled], index) => (
              <button
                key={key}
                type="button"
                class={index === 0 ? 'primary' : undefined}
                disabled={isDisabled}
                onClick={actions[key]}
              >
                {title} <kbd>{key}</kbd>
              </button>
            ))}
          </div>
          <p role="status" class="soft small">
            {said !== '' && <strong>{said} </strong>}
            <Progress draft={draft} />
          </p>
          <FieldPanel draft={draft} actions={actions} />
          <section class="card" aria-label="Document">
            <div class="actions" role="group" aria-label="How to show the document">
              {VIEWS.map(([name, title]) => (
                <button
                  key={name}
                  type="button"
                  class="quiet"
                  aria-pressed={view === name}
                  onClick={showing(name)}
                >
                  {title}
                </button>
              ))}
            </div>
            {view === 'fields' && <LinesView draft={draft} />}
            {view === 'table' && <TableView draft={draft} />}
            {view === 'text' && (
              <TextView draft={draft} fault={fault} setFault={setFault} leave={focusFrame} />
            )}
          </section>
        </div>
      </div>
      {open?.dialog === 'help' && <Help close={closeDialog} />}
      {open?.dialog === 'flag' && (
        <FlagDialog
          flags={job.review_flags}
          close={closeDialog}
          set={(change) => {
            void run(async () => {
              // The draft goes on with the version that the flags make.
              const response = await ask(`${jobPath}/flags`, {
                method: 'PUT',
                headers: { 'If-Match': job.etag },
                body: JSON.stringify(change),
              });
              const etag = response.headers.get('etag') ?? job.etag;
              if (draft.isChanged || draft.confirmed.size > 0)
                await storeDraft(job.job_id, { ...draft.written(), etag });
              setOpen(undefined);
              steps.reload('The flags are set.');
            });
          }}
        />
      )}
      {open?.dialog === 'save' && (
        <SaveDialog
          corrections={open.corrections}
          approves={open.approves}
          close={closeDialog}
          save={(reasons) => {
            save(reasons, open.approves);
          }}
        />
      )}
    </>
  );
}

function Progress({ draft }: { draft: ReturnType<typeof useDraft> }) {
  const parts = [
    draft.doubtful.size === 0
      ? 'The pipeline was unsure of no field.'
      : `${draft.unseen.length} of ${draft.doubtful.size} unsure fields left.`,
    draft.isChanged ? 'Changed, not saved yet.' : 'Nothing is changed.',
    draft.isChanged && draft.keeping === 'kept' ? 'The draft is kept in this browser.' : '',
  ];
  return <>{parts.join(' ')}</>;
}
