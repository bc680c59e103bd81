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

const PREFIX = 'ground-truth.draft.';

export function storedDraft(jobId: string): StoredDraft | undefined {
  const text = localStorage.getItem(PREFIX + jobId);
  if (text === null) return undefined;
  try {
    const draft = JSON.parse(text) as Partial<StoredDraft>;
    const { etag, base, text: mine, confirmed, correction_count = 0 } = draft;
    if (typeof etag !== 'string' || typeof base !== 'string' || typeof mine !== 'string') return undefined;
    return { etag, base, correction_count, text: mine, confirmed: Array.isArray(confirmed) ? confirmed : [] };
  } catch {
    return undefined;
  }
}

/** @returns whether there was room for it */
export function storeDraft(jobId: string, draft: StoredDraft): boolean {
  try {
    localStorage.setItem(PREFIX + jobId, JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

export function forgetDraft(jobId: string): void {
  localStorage.removeItem(PREFIX + jobId);
}
