/** The most entries of a chunk; a larger one is split into halves. */
const MAX_CHUNK = 1_024;

/**
 * The entries of a long array or object, in order. Lists of bounded length in a list: inserting and removing move few entries,
 * and finding an index passes over few lists.
 */
export class Siblings {
  private readonly chunks: number[][] = [];
  /** The chunk of each entry; only of entries that `indexOf` is asked for. */
  private readonly chunkOf: Map<number, number[]> | undefined;

  /** @param isSearched whether `indexOf` will be called */
  constructor(entries: readonly number[], isSearched: boolean) {
    this.chunkOf = isSearched ? new Map() : undefined;
    for (let at = 0; at < entries.length; at += MAX_CHUNK / 2)
      this.register(entries.slice(at, at + MAX_CHUNK / 2), this.chunks.length);
    this.count = entries.length;
  }

  count: number;

  /** undefined beyond the last one */
  at(index: number): number | undefined {
    let rest = index;
    for (const chunk of this.chunks) {
      if (rest < chunk.length) return chunk[rest];
      rest -= chunk.length;
    }
    return undefined;
  }

  /** @param entry must be in the list */
  indexOf(entry: number): number {
    const own = this.chunkOf!.get(entry)!;
    let before = 0;
    for (const chunk of this.chunks) {
      if (chunk === own) break;
      before += chunk.length;
    }
    return before + own.indexOf(entry);
  }

  /** @param index up to `count` */
  insert(index: number, entry: number): void {
    let rest = index;
    let place = 0;
    // At the end of a chunk rather than at the beginning of the next one, so that the last one can grow.
    for (; place < this.chunks.length - 1 && rest > this.chunks[place]!.length; place++)
      rest -= this.chunks[place]!.length;
    const chunk = this.chunks[place];
    this.count++;
    if (chunk === undefined) {
      this.register([entry], 0);
      return;
    }
    chunk.splice(rest, 0, entry);
    this.chunkOf?.set(entry, chunk);
    if (chunk.length > MAX_CHUNK) this.register(chunk.splice(MAX_CHUNK / 2), place + 1);
  }

  /** @param index below `count` */
  remove(index: number): void {
    let rest = index;
    let place = 0;
    for (; rest >= this.chunks[place]!.length; place++) rest -= this.chunks[place]!.length;
    const [entry] = this.chunks[place]!.splice(rest, 1);
    this.chunkOf?.delete(entry!);
    this.count--;
    if (this.chunks[place]!.length === 0) this.chunks.splice(place, 1);
  }

  private register(chunk: number[], place: number): void {
    this.chunks.splice(place, 0, chunk);
    if (this.chunkOf) for (const entry of chunk) this.chunkOf.set(entry, chunk);
  }
}
