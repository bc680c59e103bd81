import { ExternalDatabaseError } from './relation.js';

/** Collects what is wrong with the rows of external relations: keeps the first faults, and counts the rest. */
export class ExternalFaults {
  static readonly MAX = 20;
  private readonly first: string[] = [];
  private count = 0;

  get isEmpty(): boolean {
    return this.count === 0;
  }

  /** @param count the number of all faults; `messages` holds at least the first MAX of them */
  addAll(count: number, messages: readonly string[]): void {
    this.count += count;
    this.first.push(...messages.slice(0, ExternalFaults.MAX - this.first.length));
  }

  /** @throws ExternalDatabaseError with a line for each fault */
  throwIfAny(): void {
    if (this.isEmpty) return;
    const more = this.count - this.first.length;
    const rest = more === 0 ? [] : [`and ${more.toLocaleString('en')} more`];
    throw new ExternalDatabaseError([...this.first, ...rest].join('\n'));
  }
}
