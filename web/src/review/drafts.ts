import { createStore, del, get, set } from 'idb-keyval';

/** What a reviewer has not saved yet, kept in this browser: it survives a closed tab. */
export interface StoredDraft {
  /** The version that the draft began with, and its document. */
  readonly etag: string;
  readonly base: string;
  /** How many corrections the trail had then. */
  readonly correction_count: number;
  readonly text: string;
  /** Field paths in the draft. */
  readonly confirmed: readonly string[];
}

/** In IndexedDB, since local storage has room for five megabytes, and stands still while it is written. */
let store: ReturnType<typeof createStore> | undefined;
const drafts = () => (store ??= createStore('ground-truth', 'drafts'));

/** @returns undefined also where the browser keeps nothing */
export async function storedDraft(jobId: string): Promise<StoredDraft | undefined> {
  return get<StoredDraft>(jobId, drafts()).catch(() => undefined);
}

/** @returns whether there was room for it */
export async function storeDraft(jobId: string, draft: StoredDraft): Promise<boolean> {
  return set(jobId, draft, drafts()).then(
    () => true,
    () => false,
  );
}

export async function forgetDraft(jobId: string): Promise<void> {
  await del(jobId, drafts()).catch(() => undefined);
}
