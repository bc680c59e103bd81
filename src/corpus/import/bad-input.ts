import { Fault } from '../../platform/fault.js';
import { type LineFault } from './line-reader.js';

/** The input has bad lines, so nothing of it was taken. */
export class BadInputError extends Fault {
  override readonly name = 'BadInputError';

  /**
   * @param faults the first of them, by line
   * @param count how many there are in all
   */
  constructor(
    readonly faults: readonly LineFault[],
    readonly count: number,
  ) {
    const more = count > faults.length ? `; the first ${faults.length} are listed` : '';
    super(
      'invalid-body',
      `${count} ${count === 1 ? 'fault' : 'faults'} in the lines${more}`,
      faults.map(({ line, field, reason }) => ({
        field: field === '' ? `line ${line}` : `line ${line}: ${field}`,
        message: reason,
      })),
    );
  }
}

/** Gathers what is wrong with an input: the first faults in full, the others by number. */
export class ImportFaults {
  static readonly MAX = 1_000;
  private readonly first: LineFault[] = [];
  private count = 0;

  add(fault: LineFault): void {
    this.count++;
    if (this.first.length < ImportFaults.MAX) this.first.push(fault);
  }

  /** @param count how many there are, of which `faults` are the first */
  addAll(count: number, faults: readonly LineFault[]): void {
    this.count += count;
    this.first.push(...faults);
  }

  /** @throws BadInputError */
  throwIfAny(): void {
    if (this.count === 0) return;
    const ordered = this.first.sort((a, b) => a.line - b.line).slice(0, ImportFaults.MAX);
    throw new BadInputError(ordered, this.count);
  }
}
