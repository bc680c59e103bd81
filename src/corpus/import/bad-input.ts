import { Fault } from '../../platform/fault.js';
import { type LineFault } from './line-reader.js';

/** The input has bad lines. Nothing was stored. */
export class BadInputError extends Fault {
  override readonly name = 'BadInputError';

  /**
   * @param faults the first faults, by line
   * @param count the number of all faults
   */
  constructor(
    readonly faults: readonly LineFault[],
    readonly count: number,
  ) {
    const more = count > faults.length ? `; the first ${faults.length} are listed` : '';
    super(
      'invalid-body',
      `${count} ${count === 1 ? 'error' : 'errors'} in the input${more}`,
      faults.map(({ line, field, reason }) => ({
        field: field === '' ? `line ${line}` : `line ${line}: ${field}`,
        message: reason,
      })),
    );
  }
}

/** Collects the faults of an input: keeps the first ones and counts the rest. */
export class ImportFaults {
  static readonly MAX = 1_000;
  private readonly first: LineFault[] = [];
  private count = 0;

  add(fault: LineFault): void {
    this.count++;
    if (this.first.length < ImportFaults.MAX) this.first.push(fault);
  }

  /** @param count the number of all faults; `faults` holds the first of them */
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
