import { NONE } from './assignment.js';
import {
  bestPairs,
  newWeights,
  type PairWeights,
  preferring,
  STEPS_OF_CELL,
  valueStep,
} from './pair-weights.js';
import { RecordWeights } from './record-weights.js';
import { type TextSimilarity } from './text-similarity.js';
import { NO_VALUE, type ValueNode } from './value-tree.js';
import { type Work } from './work.js';

/** Points, and the most that there could be. */
export interface Points {
  points: number;
  of: number;
}

/** How the elements of two arrays are paired: by element of the first one, that of the other or NONE. */
interface Pairing {
  /** So that most values are right, and of these pairings the one with the most similar texts. */
  readonly byValues: Int32Array;
  /** The number of values that are right then. */
  readonly right: number;
  /** So that ANLS* is greatest. */
  readonly bySimilarity: Int32Array;
}

/** Of longer arrays, equal elements are paired first: with more pairs than this, not all are compared. */
const MOST_PAIRS = 1_000_000;

/** Compares two documents whose values have ids of one dictionary. */
export class Comparison {
  private readonly pairings = new Map<ValueNode, Map<ValueNode, Pairing>>();
  private readonly numbers = new Map<ValueNode, number>();

  constructor(
    private readonly texts: TextSimilarity,
    private readonly work: Work,
  ) {}

  /** Elements are matched by content, not by index. */
  pairsOf(gold: ValueNode, predicted: ValueNode): Int32Array {
    return this.pairingOf(gold, predicted).byValues;
  }

  /** ANLS* (Peer and others 2024), in the points that leaves get and their number. */
  anls(gold: ValueNode, predicted: ValueNode): Points {
    const total = { points: 0, of: 0 };
    this.addAnls(gold, predicted, total);
    return total;
  }

  /** The number of values that are right. */
  private rightIn(gold: ValueNode, predicted: ValueNode): number {
    if (gold.id === predicted.id) return gold.leaves;
    if (gold.kind !== predicted.kind || gold.leaves === 0 || predicted.leaves === 0) return 0;
    if (gold.kind === 'array') return this.pairingOf(gold, predicted).right;
    if (gold.kind !== 'object') return 0;
    let right = 0;
    for (const [index, child] of gold.children.entries()) {
      const other = memberOf(predicted, gold.keys[index]!, index);
      if (other) right += this.rightIn(child, other);
    }
    return right;
  }

  /** @param gold undefined for a member that only the prediction has; `predicted` likewise */
  private addAnls(gold: ValueNode | undefined, predicted: ValueNode | undefined, total: Points): void {
    if (gold === undefined || gold.kind === 'null') {
      total.of += Math.max(1, predicted?.scalars ?? 1);
      // A null that only the prediction has is no success, although README of anls_star says that it is ignored.
      if (gold && isNothing(predicted)) total.points++;
    } else if (isText(gold)) {
      total.of += Math.max(1, predicted?.scalars ?? 1);
      if (predicted && isText(predicted))
        total.points += this.texts.between(this.numberOf(gold), this.numberOf(predicted));
    } else if (gold.kind !== predicted?.kind) total.of += Math.max(gold.scalars, predicted?.scalars ?? 1);
    else if (gold.kind === 'object') this.addMembers(gold, predicted, total);
    else this.addElements(gold, predicted, total);
  }

  private addMembers(gold: ValueNode, predicted: ValueNode, total: Points): void {
    let found = 0;
    for (const [index, child] of gold.children.entries()) {
      const other = memberOf(predicted, gold.keys[index]!, index);
      if (other) found++;
      this.addAnls(child, other, total);
    }
    if (found === predicted.children.length) return;
    const known = new Set(gold.keys);
    for (const [index, child] of predicted.children.entries())
      if (!known.has(predicted.keys[index]!)) this.addAnls(undefined, child, total);
  }

  private addElements(gold: ValueNode, predicted: ValueNode, total: Points): void {
    const { bySimilarity } = this.pairingOf(gold, predicted);
    const isPaired = new Uint8Array(predicted.children.length);
    for (const [index, child] of gold.children.entries()) {
      const partner = bySimilarity[index]!;
      if (partner === NONE) total.of += child.scalars;
      else {
        isPaired[partner] = 1;
        this.addAnls(child, predicted.children[partner], total);
      }
    }
    for (const [index, child] of predicted.children.entries())
      if (isPaired[index] === 0) total.of += child.scalars;
  }

  private numberOf(node: ValueNode): number {
    let number = this.numbers.get(node);
    if (number === undefined) this.numbers.set(node, (number = this.texts.numberOf(node.text)));
    return number;
  }

  private pairingOf(gold: ValueNode, predicted: ValueNode): Pairing {
    if (gold === predicted) return pairWithItself(gold);
    let ofGold = this.pairings.get(gold);
    if (!ofGold) this.pairings.set(gold, (ofGold = new Map<ValueNode, Pairing>()));
    let pairing = ofGold.get(predicted);
    if (!pairing) ofGold.set(predicted, (pairing = this.pair(gold.children, predicted.children)));
    return pairing;
  }

  private pair(gold: readonly ValueNode[], predicted: readonly ValueNode[]): Pairing {
    if (gold.length * predicted.length <= MOST_PAIRS && !this.work.isUsedUp)
      return this.pairBest(gold, predicted);
    // Pairing equal elements never makes fewer values right.
    const pairs = pairEqual(gold, predicted);
    const taken = new Set(pairs);
    const rest = [...gold.keys()].filter((index) => pairs[index] === NONE);
    const restPredicted = [...predicted.keys()].filter((index) => !taken.has(index));
    let right = 0;
    for (const [index, partner] of pairs.entries()) if (partner !== NONE) right += gold[index]!.leaves;
    if (rest.length * restPredicted.length <= MOST_PAIRS && !this.work.isUsedUp) {
      const best = this.pairBest(
        rest.map((index) => gold[index]!),
        restPredicted.map((index) => predicted[index]!),
      );
      for (const [at, partner] of best.byValues.entries())
        if (partner !== NONE) pairs[rest[at]!] = restPredicted[partner]!;
      right += best.right;
    } else {
      this.work.isCoarse = true;
      for (const [at, index] of rest.entries()) {
        const partner = restPredicted[at];
        if (partner === undefined) break;
        pairs[index] = partner;
        right += this.rightIn(gold[index]!, predicted[partner]!);
      }
    }
    return { byValues: pairs, bySimilarity: pairs, right };
  }

  private pairBest(gold: readonly ValueNode[], predicted: readonly ValueNode[]): Pairing {
    const [rows, columns] = [gold.length, predicted.length];
    const weights =
      RecordWeights.of(gold, predicted, this.texts, this.work) ?? this.compareElements(gold, predicted);
    const byValues = bestPairs(weights, 'values', rows, columns);
    let right = 0;
    for (const [row, column] of byValues.entries())
      if (column !== NONE) right += weights.rights[row * columns + column]!;
    return { byValues, right, bySimilarity: bestPairs(weights, 'similarities', rows, columns) };
  }

  private compareElements(gold: readonly ValueNode[], predicted: readonly ValueNode[]): PairWeights {
    const weights = newWeights(gold.length * predicted.length);
    const step = valueStep(gold.length, predicted.length);
    const total = { points: 0, of: 0 };
    let cell = 0;
    for (const element of gold)
      for (const other of predicted) {
        this.work.take(STEPS_OF_CELL * Math.min(element.scalars, other.scalars));
        total.points = total.of = 0;
        this.addAnls(element, other, total);
        const similarity = total.of === 0 ? 1 : total.points / total.of;
        const right = this.rightIn(element, other);
        weights.rights[cell] = right;
        weights.values[cell] = right * step + similarity;
        weights.similarities[cell++] = preferring(element.id === other.id, similarity);
      }
    return weights;
  }
}

/**
 * The member with a key.
 *
 * @param likely where it stands if both objects have the same keys
 */
export function memberOf(node: ValueNode, key: string, likely: number): ValueNode | undefined {
  if (node.keys[likely] === key) return node.children[likely];
  node.places ??= new Map(node.keys.map((name, place) => [name, place]));
  const at = node.places.get(key);
  return at === undefined ? undefined : node.children[at];
}

function isText({ kind }: ValueNode): boolean {
  return kind === 'string' || kind === 'number' || kind === 'other';
}

/** What anls_star takes for none: it compares with null, {}, [] and "". */
function isNothing(node: ValueNode | undefined): boolean {
  return (
    node === undefined ||
    node.kind === 'null' ||
    (node.kind === 'string' && node.text === '') ||
    ((node.kind === 'object' || node.kind === 'array') && node.children.length === 0)
  );
}

/** Nothing is better than each element with itself: all of its values are right, and its texts the same. */
function pairWithItself({ children, leaves }: ValueNode): Pairing {
  const pairs = Int32Array.from(children.keys());
  return { byValues: pairs, bySimilarity: pairs, right: leaves };
}

function pairEqual(gold: readonly ValueNode[], predicted: readonly ValueNode[]): Int32Array {
  const waiting = new Map<number, number[]>();
  for (const [index, { id }] of predicted.entries()) {
    if (id === NO_VALUE) continue;
    const others = waiting.get(id);
    if (others) others.push(index);
    else waiting.set(id, [index]);
  }
  return Int32Array.from(gold, ({ id }) => waiting.get(id)?.pop() ?? NONE);
}
