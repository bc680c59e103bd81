import { type Random } from '../../samples/random.js';

/** So many are fought over. */
const CONTESTED = 20;

/** What the clients know of the jobs: which there are, and who is at work on which. */
export class Jobs {
  /** So many there are at least: those that were acknowledged. */
  least: number;
  /** So many there are at most: those that were ever sent. */
  most: number;
  private readonly claimed = new Set<string>();
  private readonly contested: readonly string[];

  /** @param ids the first of them are fought over */
  constructor(private readonly ids: string[]) {
    this.least = this.most = ids.length;
    this.contested = ids.splice(0, CONTESTED);
  }

  any(random: Random): string {
    return random.pick(this.ids);
  }

  /** One that anybody may change at any time. */
  contestedOne(random: Random): string {
    return random.pick(this.contested);
  }

  /** Gives `work` a job that nobody else changes meanwhile, so that each answer has to be the one. */
  async withOne<Result>(random: Random, work: (id: string) => Promise<Result>): Promise<Result> {
    let id = this.any(random);
    while (this.claimed.has(id)) id = this.any(random);
    this.claimed.add(id);
    try {
      return await work(id);
    } finally {
      this.claimed.delete(id);
    }
  }

  /** Acknowledged, and from now on among the others. */
  add(id: string): void {
    this.least++;
    this.ids.push(id);
  }
}
