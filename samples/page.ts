import { type Edit, type Place } from './edits.js';
import { type Json, type JsonObject } from './json-writing.js';
import { type Order } from './order.js';
import { type Random } from './random.js';

/**
 * Spoils the page and returns the edits that mend it, in order; undefined where the page has no place for this kind of
 * mistake. The edits fit the page as the mistake leaves it: of several mistakes the last has to be mended first.
 */
export type Mistake = (page: Page, random: Random) => readonly Edit[] | undefined;

/** An order while the pipeline misreads it. Mistakes claim the place they spoil, so that each has one of its own. */
export class Page {
  readonly header: JsonObject;
  readonly rows: JsonObject[];
  /** Values in which characters were taken for others. */
  readonly misread: Place[] = [];
  readonly #claimed = new Set<JsonObject | string>();

  constructor(readonly order: Order) {
    this.header = order.header;
    this.rows = order.personel;
  }

  /** The index of a row that is whole and fits, from now on claimed. */
  claimRow(
    random: Random,
    fits: (row: JsonObject, index: number) => boolean = () => true,
  ): number | undefined {
    const start = random.below(this.rows.length);
    for (let step = 0; step < this.rows.length; step += 1) {
      const index = (start + step) % this.rows.length;
      const row = this.rows[index]!;
      if (this.#claimed.has(row) || !fits(row, index)) continue;
      this.#claimed.add(row);
      return index;
    }
    return undefined;
  }

  /** Claims a row that a mistake makes up or needs besides its own; false where it is taken. */
  claim(place: JsonObject | string): boolean {
    if (this.#claimed.has(place)) return false;
    this.#claimed.add(place);
    return true;
  }

  /** One of these header fields that is whole, from now on claimed. */
  claimField<Name extends string>(random: Random, names: readonly Name[]): Name | undefined {
    const name = random.pick(names);
    return Object.hasOwn(this.header, name) && this.claim(name) ? name : undefined;
  }
}

/** The string at a key; empty where there is none. */
export function textAt(object: JsonObject, key: string): string {
  const value = object[key];
  return typeof value === 'string' ? value : '';
}

export function listAt(object: JsonObject, key: string): Json[] {
  const value = object[key];
  return Array.isArray(value) ? value : [];
}
