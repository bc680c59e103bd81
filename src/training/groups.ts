/** Which rows belong together. Rows are numbered from 0 in corpus order, and the first row of a group stands for it. */
export class Groups {
  private readonly parents: Int32Array;

  constructor(readonly size: number) {
    this.parents = Int32Array.from({ length: size }, (_, row) => row);
  }

  /** The first row of the group that a row is in. */
  first(row: number): number {
    const { parents } = this;
    let at = row;
    while (parents[at]! !== at) {
      parents[at] = parents[parents[at]!]!;
      at = parents[at]!;
    }
    return at;
  }

  /** Makes one group of two. */
  join(a: number, b: number): void {
    const [first, second] = [this.first(a), this.first(b)];
    if (first < second) this.parents[second] = first;
    else this.parents[first] = second;
  }

  /** Joins as others have been joined. */
  joinLike(other: Groups): void {
    for (let row = 0; row < this.size; row++) this.join(row, other.first(row));
  }
}
