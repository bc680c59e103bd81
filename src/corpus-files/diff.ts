import { compact, JsonTextError, readMembers } from '../json-text/index.js';
import { FileFault } from '../platform/files/file-fault.js';
import { JobIds } from './job-ids.js';
import { linesIn, linesOf, type NumberedLine } from './lines.js';
import { type ChangedValue, changedValues } from './member-changes.js';
import { orderOf } from './sample-line.js';

/** A corpus to compare. */
export interface Side {
  /** For messages. */
  readonly name: string;
  /** Not compressed. */
  readonly blocks: AsyncIterable<Buffer>;
}

export interface NamedSample {
  readonly job_id: string;
  readonly filename: string;
}

/** One of the values of a field that have changed, and where. */
export interface Example extends NamedSample, Omit<ChangedValue, 'field'> {}

export interface FieldChanges {
  /** Its path in the sample, without indices. */
  readonly field: string;
  values: number;
  samples: number;
  /** The first ones, in corpus order. */
  readonly examples: Example[];
}

/** How the second corpus differs from the first. */
export interface Difference {
  readonly before: { samples: number; bytes: number };
  readonly after: { samples: number; bytes: number };
  unchanged: number;
  /** In both, but not with the same bytes. */
  changed: number;
  added: number;
  removed: number;
  /** In both, but created at another time, so at another place: neither added nor removed, and their values are not compared. */
  moved: number;
  /** Most changed first, then by name. */
  fields: FieldChanges[];
  /** Values of fields beyond the first MAX_FIELDS. */
  valuesOfMoreFields: number;
  /** The first ones, in corpus order. */
  readonly first: Record<'changed' | 'added' | 'removed' | 'moved', NamedSample[]>;
}

const MAX_EXAMPLES = 3;
const MAX_FIRST = 5;
/** Of objects whose keys are data there are as many fields as keys. */
const MAX_FIELDS = 10_000;
/** Samples of one corpus only, among which the first ones that have not moved are looked for. */
const MAX_CANDIDATES = 1_000;

/**
 * Compares two corpora, both in the order of an export, in one pass. Memory does not grow with them; the ids of samples that are in only
 * one of them may go to a temporary file.
 *
 * @throws FileFault if one of them is not a corpus in order; errors of the blocks
 */
export async function diffCorpora(before: Side, after: Side): Promise<Difference> {
  const comparison = new Comparison();
  try {
    const [left, right] = [samplesOf(before), samplesOf(after)];
    try {
      let [old, current] = [await next(left), await next(right)];
      while (old ?? current) {
        const order = compareOrder(old, current);
        if (order === 0) comparison.takeBoth(old!, current!);
        else if (order < 0) comparison.takeRemoved(old!);
        else comparison.takeAdded(current!);
        if (order <= 0) old = await next(left);
        if (order >= 0) current = await next(right);
      }
    } finally {
      await left.return(undefined);
      await right.return(undefined);
    }
    return comparison.finish(before.name, after.name);
  } finally {
    comparison.close();
  }
}

interface SampleLine extends NumberedLine {
  readonly order: string;
  readonly corpus: string;
}

async function* samplesOf({ name, blocks }: Side): AsyncGenerator<SampleLine, void, undefined> {
  let previous = '';
  for await (const lines of linesOf(blocks, name))
    for (const { line, number } of linesIn(lines)) {
      const order = orderOf(line, 0, line.length);
      if (order === undefined)
        throw new FileFault(`${name}: line ${number} is not a sample as an export writes it`);
      if (order <= previous)
        throw new FileFault(
          `${name}: line ${number} is not in the order of an export; see: ground-truth check`,
        );
      previous = order;
      yield { line, number, order, corpus: name };
    }
}

async function next(samples: AsyncGenerator<SampleLine>): Promise<SampleLine | undefined> {
  const found = await samples.next();
  return found.done === true ? undefined : found.value;
}

/** What is at an end comes last. */
function compareOrder(old: SampleLine | undefined, current: SampleLine | undefined): number {
  if (!old) return 1;
  if (!current) return -1;
  if (old.order === current.order) return 0;
  return old.order < current.order ? -1 : 1;
}

const BEFORE = 0;
const AFTER = 1;

class Comparison {
  private readonly found: Difference = {
    before: { samples: 0, bytes: 0 },
    after: { samples: 0, bytes: 0 },
    unchanged: 0,
    changed: 0,
    added: 0,
    removed: 0,
    moved: 0,
    fields: [],
    valuesOfMoreFields: 0,
    first: { changed: [], added: [], removed: [], moved: [] },
  };
  private readonly fields = new Map<string, FieldChanges>();
  /** Of the samples of one corpus only. */
  private readonly ids = new JobIds();

  takeBoth(old: SampleLine, current: SampleLine): void {
    const { found } = this;
    count(found.before, old);
    count(found.after, current);
    if (old.line.equals(current.line)) {
      found.unchanged++;
      return;
    }
    found.changed++;
    if (found.first.changed.length < MAX_FIRST) found.first.changed.push(nameOf(current));
    const changes = changedValues(compacted(old), compacted(current)) ?? [];
    for (const change of changes) this.addValue(current, change);
    for (const field of new Set(changes.map((change) => change.field))) {
      const counted = this.fields.get(field);
      if (counted) counted.samples++;
    }
  }

  takeRemoved(old: SampleLine): void {
    count(this.found.before, old);
    this.takeAlone(old, 'removed', BEFORE);
  }

  takeAdded(current: SampleLine): void {
    count(this.found.after, current);
    this.takeAlone(current, 'added', AFTER);
  }

  /** @throws FileFault if a job is in one corpus twice */
  finish(before: string, after: string): Difference {
    const { found } = this;
    const { first } = found;
    const listed = new Set([...first.added, ...first.removed].map(({ job_id }) => job_id));
    const moved = new Set<string>();
    for (const { jobId, notes } of this.ids.repeated()) {
      if (notes.filter((side) => side === BEFORE).length > 1) throw isTwice(before, jobId);
      if (notes.filter((side) => side === AFTER).length > 1) throw isTwice(after, jobId);
      found.moved++;
      if (listed.has(jobId)) moved.add(jobId);
    }
    found.added -= found.moved;
    found.removed -= found.moved;
    const hasMoved = ({ job_id }: NamedSample) => moved.has(job_id);
    first.moved.push(...first.added.filter(hasMoved).slice(0, MAX_FIRST));
    for (const side of [first.added, first.removed])
      side.splice(0, Infinity, ...side.filter((named) => !hasMoved(named)).slice(0, MAX_FIRST));
    found.fields = [...this.fields.values()].sort(byValues);
    return found;
  }

  close(): void {
    this.ids.close();
  }

  private takeAlone(sample: SampleLine, list: 'added' | 'removed', side: number): void {
    const first = this.found.first[list];
    this.found[list]++;
    this.ids.add(jobIdIn(sample), side);
    if (first.length < MAX_CANDIDATES) first.push(nameOf(sample));
  }

  private addValue(sample: SampleLine, { field, ...change }: ChangedValue): void {
    const known = this.fields.get(field);
    const counted = known ?? { field, values: 0, samples: 0, examples: [] };
    if (!known) {
      if (this.fields.size >= MAX_FIELDS) {
        this.found.valuesOfMoreFields++;
        return;
      }
      this.fields.set(field, counted);
    }
    counted.values++;
    // A copy, or the example would hold the whole line.
    if (counted.examples.length < MAX_EXAMPLES)
      counted.examples.push({
        ...nameOf(sample),
        ...change,
        oldValue: change.oldValue && Buffer.from(change.oldValue),
        newValue: change.newValue && Buffer.from(change.newValue),
      });
  }
}

function isTwice(name: string, jobId: string): FileFault {
  return new FileFault(`${name}: the job ${jobId} occurs twice; see: ground-truth check`);
}

function count(side: { samples: number; bytes: number }, { line }: SampleLine): void {
  side.samples++;
  side.bytes += line.length + 1;
}

const UUID_LENGTH = 36;

function jobIdIn({ order }: SampleLine): string {
  return order.slice(-UUID_LENGTH);
}

function nameOf(sample: SampleLine): NamedSample {
  const filename = readMembers(compacted(sample))?.find((member) => member.key === 'filename')?.value;
  return { job_id: jobIdIn(sample), filename: textIn(filename) };
}

function textIn(value: Buffer | undefined): string {
  const text: unknown = value && JSON.parse(value.toString());
  return typeof text === 'string' ? text : '';
}

function compacted({ line, number, corpus }: SampleLine): Buffer {
  try {
    return compact(line, Infinity);
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
    throw new FileFault(`${corpus}: line ${number} is not JSON; see: ground-truth check`);
  }
}

function byValues(a: FieldChanges, b: FieldChanges): number {
  return b.values - a.values || (a.field < b.field ? -1 : 1);
}
