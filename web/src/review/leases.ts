import { ask, type Schemas } from '../api/client.js';

type Lease = Schemas['Lease'];

/** Renewed this many times before a lease would run out. */
const RENEWALS = 3;
const LEAST_MS = 1_000;

/** The jobs that this tab holds: the one that is open, which is renewed, and those that were skipped, so that they do not come again. */
export class Leases {
  private readonly held = new Map<string, Lease>();
  private renewed: { readonly id: string; readonly timer: ReturnType<typeof setTimeout> } | undefined;

  /** @param onLost is told that somebody else has the open job now */
  constructor(private readonly onLost: () => void) {}

  /** Holds a job that was handed out, and renews its lease until another is open. */
  open(id: string, lease: Lease): void {
    this.held.set(id, lease);
    this.renewLater(id, lease);
  }

  /** Lets the lease of the open job run out by itself: it does not come again for as long. */
  skip(): void {
    this.stop();
  }

  /** Forgets a job whose lease has ended with its approval. */
  end(id: string): void {
    this.stop();
    this.held.delete(id);
  }

  /** Gives back all jobs; also while the page is being left. */
  giveBackAll(): void {
    this.stop();
    for (const [id, { token }] of this.held)
      void ask(`jobs/${id}/lease`, {
        method: 'DELETE',
        headers: { 'Lease-Token': token },
        keepalive: true,
      }).catch(() => undefined);
    this.held.clear();
  }

  private renewLater(id: string, { token, expires_at }: Lease): void {
    this.stop();
    const left = Math.max(LEAST_MS, (Date.parse(expires_at) - Date.now()) / RENEWALS);
    const timer = setTimeout(() => {
      ask(`jobs/${id}/lease`, { method: 'PUT', headers: { 'Lease-Token': token } })
        .then(async (response) => (await response.json()) as Lease)
        .then(
          (lease) => {
            if (this.renewed?.id === id) this.open(id, lease);
          },
          (error: unknown) => {
            if (this.renewed?.id !== id) return;
            if ((error as { kind?: string }).kind === 'lease-lost') this.onLost();
            // The server did not answer: it may the next time.
            else this.renewLater(id, { token, expires_at } as Lease);
          },
        );
    }, left);
    this.renewed = { id, timer };
  }

  private stop(): void {
    if (this.renewed) clearTimeout(this.renewed.timer);
    this.renewed = undefined;
  }
}
