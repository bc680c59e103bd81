import { type NodeNumbers } from './json-tree.js';
import { type Siblings } from './siblings.js';

/** The members of a large object, by key. Of duplicate keys, the last one counts; the others are linked to it. */
export class MemberIndex {
  private readonly lastOf = new Map<string, number>();

  /**
   * @param siblings all members, in order; the caller keeps them up to date
   * @param copyBefore gets, for each member, the one before it with the same key; 0 if there is none
   */
  constructor(
    members: readonly number[],
    keyOf: (member: number) => string,
    private readonly siblings: Siblings,
    private readonly copyBefore: NodeNumbers,
  ) {
    for (const member of members) {
      const key = keyOf(member);
      copyBefore.set(member, this.lastOf.get(key) ?? 0);
      this.lastOf.set(key, member);
    }
  }

  /** The last member with the key. */
  find(key: string): number | undefined {
    return this.lastOf.get(key);
  }

  /** @param member the last one with its key */
  hasCopies(member: number): boolean {
    return this.copyBefore.get(member) !== 0;
  }

  /** Takes time for each copy that stands behind the new one. Call it after the list of siblings has the member. */
  insert(key: string, member: number): void {
    const index = this.siblings.indexOf(member);
    let behind = 0;
    let before = this.lastOf.get(key) ?? 0;
    while (before !== 0 && this.siblings.indexOf(before) > index) {
      behind = before;
      before = this.copyBefore.get(before);
    }
    this.copyBefore.set(member, before);
    if (behind === 0) this.lastOf.set(key, member);
    else this.copyBefore.set(behind, member);
  }

  /** @param member the last one with the key */
  remove(key: string, member: number): void {
    const copy = this.copyBefore.get(member);
    if (copy === 0) this.lastOf.delete(key);
    else this.lastOf.set(key, copy);
  }
}
