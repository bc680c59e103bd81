/** Steps of some nanoseconds: about ten seconds. */
const MOST_STEPS = 2_000_000_000;

/** What comparing one document may take, so that a huge one does not hold up the others. */
export class Work {
  private left = MOST_STEPS;
  /** Whether something was compared less closely than it should be. */
  isCoarse = false;

  get isUsedUp(): boolean {
    return this.left < 0;
  }

  /** @returns false if there is not so much left; the caller has to do with less then */
  take(steps: number): boolean {
    this.left -= steps;
    if (this.left < 0) this.isCoarse = true;
    return this.left >= 0;
  }
}
