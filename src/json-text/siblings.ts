import { type NodeNumbers } from './json-tree.js';

/** The most entries of a chunk; a larger one is split into halves. */
const MAX_CHUNK = 1_024;

interface Chunk {
  /** From 1; never changes. */
  readonly number: number;
  readonly entries: number[];
}

/**
 * The entries of a long array or object, in order. Lists of bounded length in a list: inserting and removing move few entries,
 * and finding an index passes over few lists.
 */
export class Siblings {
  private readonly chunks: Chunk[] = [];
  private chunksMade = 0;

  /** @param chunkOf gets the number of each entry's chunk; only where `indexOf` will be called */
  constructor(
    entries: readonly number[],
    private readonly chunkOf?: NodeNumbers,
  ) {
    for (let at = 0; at < entries.length; at += MAX_CHUNK / 2)
      this.addChunk(entries.slice(at, at + MAX_CHUNK / 2), this.chunks.length);
    this.count = entries.length;
  }

  count: number;

  /** undefined beyond the last one */
  at(index: number): number | undefined {
    let rest = index;
    for (const { entries } of this.chunks) {
      if (rest < entries.length) return entries[rest];
      rest -= entries.length;
    }
    return undefined;
  }

  /** @param entry must be in the list */
  indexOf(entry: number): number {
    const own = this.chunkOf!.get(entry);
    let before = 0;
    for (const { number, entries } of this.chunks) {
      if (number === own) return before + entries.indexOf(entry);
      before += entries.length;
    }
    throw new RangeError('the entry is not in the list');
  }

  /** @param index up to `count` */
  insert(index: number, entry: number): void {
    let rest = index;
    let place = 0;
    // At the end of a chunk rather than at the beginning of the next one, so that the last one can grow.
    for (; place < this.chunks.length - 1 && rest > this.chunks[place]!.entries.length; place++)
      rest -= this.chunks[place]!.entries.length;
    const chunk = this.chunks[place];
    this.count++;
    if (chunk === undefined) {
      this.addChunk([entry], 0);
      return;
    }
    chunk.entries.splice(rest, 0, entry);
    this.chunkOf?.set(entry, chunk.number);
    if (chunk.entries.length > MAX_CHUNK) this.addChunk(chunk.entries.splice(MAX_CHUNK / 2), place + 1);
  }

  /** @param index below `count` */
  remove(index: number): void {
    let rest = index;
    let place = 0;
    for (; rest >= this.chunks[place]!.entries.length; place++) rest -= this.chunks[place]!.entries.length;
    const { entries } = this.chunks[place]!;
    entries.splice(rest, 1);
    this.count--;
    if (entries.length === 0) this.chunks.splice(place, 1);
  }

  private addChunk(entries: number[], place: number): void {
    const number = ++this.chunksMade;
    this.chunks.splice(place, 0, { number, entries });
    if (this.chunkOf) for (const entry of entries) this.chunkOf.set(entry, number);
  }
}
