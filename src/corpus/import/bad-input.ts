import { counted } from '../../platform/counted.js';
import { Fault } from '../../platform/fault.js';
import { type LineFault } from './line-reader.js';

/** Faults of the same members for the same reason; numbers in either do not count. */
export interface AlikeFaults {
  /** The first ones, by line. */
  readonly first: readonly LineFault[];
  readonly count: number;
}

/** The input has bad lines. Nothing was stored. */
export class BadInputError extends Fault {
  override readonly name = 'BadInputError';

  /**
   * @param faults the first faults, by line
   * @param alike the same faults and those beyond, by kind, in the order of the first of each
   * @param count the number of all faults
   */
  constructor(
    readonly faults: readonly LineFault[],
    readonly alike: readonly AlikeFaults[],
    readonly count: number,
  ) {
    const more = count > faults.length ? `; the first ${faults.length} are listed` : '';
    super(
      'invalid-body',
      `${counted(count, 'error')} in the input${more}`,
      faults.map(({ line, field, reason }) => ({
        field: field === '' ? `line ${line}` : `line ${line}: ${field}`,
        message: reason,
      })),
    );
  }
}

/** Collects the faults of an input: keeps the first ones, also the first of each kind, and counts the rest. */
export class ImportFaults {
  static readonly MAX = 1_000;
  /** The most faults of a kind that are kept to name the kind. */
  static readonly MAX_ALIKE = 3;
  private readonly first: LineFault[] = [];
  private readonly kinds = new Map<string, { first: LineFault[]; count: number }>();
  private count = 0;

  add(fault: LineFault): void {
    this.addAll(1, [fault]);
  }

  /** @param count the number of all faults, which are alike; `faults` holds the first of them, by line */
  addAll(count: number, faults: readonly LineFault[]): void {
    const [fault] = faults;
    if (fault === undefined) return;
    this.count += count;
    if (this.first.length < ImportFaults.MAX || faults.length > 1) this.first.push(...faults);
    const name = kindOf(fault);
    const kind = this.kinds.get(name) ?? { first: [], count: 0 };
    if (!this.kinds.has(name) && this.kinds.size >= ImportFaults.MAX) return;
    this.kinds.set(name, kind);
    kind.count += count;
    if (kind.first.length < ImportFaults.MAX_ALIKE)
      kind.first.push(...faults.slice(0, ImportFaults.MAX_ALIKE - kind.first.length));
  }

  /** @throws BadInputError */
  throwIfAny(): void {
    const found = this.found();
    if (found) throw found;
  }

  /** The faults so far; undefined if there is none. */
  found(): BadInputError | undefined {
    if (this.count === 0) return undefined;
    const ordered = this.first.sort(byLine).slice(0, ImportFaults.MAX);
    const kinds = [...this.kinds.values()].sort((a, b) => byLine(a.first[0]!, b.first[0]!));
    return new BadInputError(ordered, kinds, this.count);
  }
}

function byLine(a: LineFault, b: LineFault): number {
  return a.line - b.line;
}

function kindOf({ field, reason }: LineFault): string {
  return `${field} ${reason}`.replace(/\d[\d,.]*/g, '0');
}
