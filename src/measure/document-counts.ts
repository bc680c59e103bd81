import { NONE } from './assignment.js';
import { Comparison, memberOf } from './comparison.js';
import { characterErrors, countGraphemes, wordErrors, wordsOf } from './text-errors.js';
import { TextSimilarity } from './text-similarity.js';
import {
  type CollapsedPaths,
  Dictionary,
  isScalar,
  ROOT_PATH,
  type Sameness,
  type ValueNode,
} from './value-tree.js';
import { Work } from './work.js';

/** What is counted of a field. First of the corpus, … */
export const enum Count {
  /** Values of the corpus. */
  Gold,
  /** Their characters and words. */
  Characters,
  Words,
  /** … then of the prediction, and the same of the pipeline. */
  OfSystem,
}

/** What is counted of a field in one system's answer, from its offset on. */
export const enum SystemCount {
  Predicted,
  /** Values that are the same as those of the corpus at their place. */
  Right,
  /** Places: a value of the corpus and the one that stands for it are one place. */
  Places,
  CharacterErrors,
  WordErrors,
  Size,
}

export const FIELD_WIDTH = Count.OfSystem + 2 * SystemCount.Size;
export const SYSTEMS = [Count.OfSystem, Count.OfSystem + SystemCount.Size] as const;

/** The counts of one document. */
export interface DocumentCounts {
  /** By collapsed path: FIELD_WIDTH counts. */
  readonly fields: ReadonlyMap<number, Float64Array>;
  /** Likewise of objects and arrays; they have no characters. */
  readonly parents: ReadonlyMap<number, Float64Array>;
  /** ANLS* of the prediction and of the pipeline. */
  readonly anls: readonly [number, number];
  /** Whether the document is too large for the best matching of its rows. */
  readonly isCoarse: boolean;
}

/** Counts what is right and wrong in documents. */
export class DocumentCounter {
  private readonly texts = new TextSimilarity();

  constructor(
    private readonly sameness: Sameness,
    private readonly paths: CollapsedPaths,
  ) {}

  /**
   * @param gold the right result
   * @param answers the prediction and the pipeline's output; `null` where there is none. All compact JSON text
   */
  count(gold: Buffer, answers: readonly [Buffer, Buffer]): DocumentCounts {
    const work = new Work();
    this.texts.begin(work);
    const dictionary = new Dictionary(this.sameness);
    const right = dictionary.read(gold);
    const counting = new Counting(this.paths, new Comparison(this.texts, work), this.sameness.ignore_case);
    counting.countGold(right);
    const [prediction, pipeline] = answers.map((answer, index) => {
      // Most answers are right, or the pipeline's.
      const isSame = index === 1 && answer.equals(answers[0]);
      const node = answer.equals(gold) ? right : dictionary.read(answer);
      counting.countAnswer(right, node, SYSTEMS[index]!);
      return isSame ? undefined : counting.anls(right, node);
    });
    return {
      fields: counting.fields,
      parents: counting.parents,
      anls: [prediction!, pipeline ?? prediction!],
      isCoarse: work.isCoarse,
    };
  }
}

/** The counts of one document while it is compared. */
class Counting {
  readonly fields = new Map<number, Float64Array>();
  readonly parents = new Map<number, Float64Array>();

  constructor(
    private readonly paths: CollapsedPaths,
    private readonly comparison: Comparison,
    private readonly ignoreCase: boolean,
  ) {}

  anls(gold: ValueNode, answer: ValueNode): number {
    const { points, of } = this.comparison.anls(gold, answer);
    return of === 0 ? 1 : points / of;
  }

  countGold(node: ValueNode, path = ROOT_PATH): void {
    if (node.leaves === 0) return;
    const counts = this.countsOf(node, path);
    counts[Count.Gold]!++;
    if (isScalar(node)) {
      const text = this.textOf(node);
      counts[Count.Characters]! += countGraphemes(text);
      counts[Count.Words]! += wordsOf(text).length;
    } else
      this.eachChild(node, path, (child, below) => {
        this.countGold(child, below);
      });
  }

  /** @param system the offset of its counts */
  countAnswer(
    gold: ValueNode | undefined,
    answer: ValueNode | undefined,
    system: number,
    path = ROOT_PATH,
  ): void {
    const [inGold, inAnswer] = [gold?.leaves ?? 0, answer?.leaves ?? 0];
    if (inGold === 0 && inAnswer === 0) return;
    if (gold && answer && inGold > 0 && inAnswer > 0 && isAlike(gold, answer)) {
      const counts = this.countsOf(answer, path);
      counts[system + SystemCount.Predicted]!++;
      counts[system + SystemCount.Places]!++;
      if (gold.id === answer.id) counts[system + SystemCount.Right]!++;
      if (isScalar(gold)) this.addTextErrors(counts, gold, answer, system);
      else if (gold.kind === 'object') this.countMembers(gold, answer, system, path);
      else this.countElements(gold, answer, system, path);
      return;
    }
    if (gold && inGold > 0) this.countAlone(gold, 0, system, path);
    if (answer && inAnswer > 0) this.countAlone(answer, 1, system, path);
  }

  private countMembers(gold: ValueNode, answer: ValueNode, system: number, path: number): void {
    for (const [index, child] of gold.children.entries()) {
      const name = gold.keys[index]!;
      this.countAnswer(child, memberOf(answer, name, index), system, this.paths.member(path, name));
    }
    for (const [index, child] of answer.children.entries()) {
      const name = answer.keys[index]!;
      if (!memberOf(gold, name, index))
        this.countAnswer(undefined, child, system, this.paths.member(path, name));
    }
  }

  private countElements(gold: ValueNode, answer: ValueNode, system: number, path: number): void {
    const below = this.paths.element(path);
    const isPaired = new Uint8Array(answer.children.length);
    const pairs = this.comparison.pairsOf(gold, answer);
    for (const [index, child] of gold.children.entries()) {
      const partner = pairs[index]!;
      if (partner !== NONE) isPaired[partner] = 1;
      this.countAnswer(child, partner === NONE ? undefined : answer.children[partner], system, below);
    }
    for (const [index, child] of answer.children.entries())
      if (isPaired[index] === 0) this.countAnswer(undefined, child, system, below);
  }

  /** Counts a value that only one side has, and all in it. */
  private countAlone(node: ValueNode, predicted: 0 | 1, system: number, path: number): void {
    if (node.leaves === 0) return;
    const counts = this.countsOf(node, path);
    counts[system + SystemCount.Places]!++;
    counts[system + SystemCount.Predicted]! += predicted;
    if (isScalar(node)) {
      const text = this.textOf(node);
      counts[system + SystemCount.CharacterErrors]! += countGraphemes(text);
      counts[system + SystemCount.WordErrors]! += wordsOf(text).length;
    } else
      this.eachChild(node, path, (child, below) => {
        this.countAlone(child, predicted, system, below);
      });
  }

  private addTextErrors(counts: Float64Array, gold: ValueNode, answer: ValueNode, system: number): void {
    if (gold.id === answer.id) return;
    const [text, other] = [this.textOf(gold), this.textOf(answer)];
    counts[system + SystemCount.CharacterErrors]! += characterErrors(text, other).errors;
    counts[system + SystemCount.WordErrors]! += wordErrors(text, other).errors;
  }

  private eachChild(
    { kind, keys, children }: ValueNode,
    path: number,
    visit: (child: ValueNode, path: number) => void,
  ): void {
    for (const [index, child] of children.entries())
      visit(child, kind === 'array' ? this.paths.element(path) : this.paths.member(path, keys[index]!));
  }

  private countsOf(node: ValueNode, path: number): Float64Array {
    const all = isScalar(node) ? this.fields : this.parents;
    let counts = all.get(path);
    if (!counts) all.set(path, (counts = new Float64Array(FIELD_WIDTH)));
    return counts;
  }

  private textOf({ text }: ValueNode): string {
    return this.ignoreCase ? text.toLowerCase() : text;
  }
}

/** Whether two values stand for each other: both scalars, both objects or both arrays. */
function isAlike(gold: ValueNode, answer: ValueNode): boolean {
  return isScalar(gold) ? isScalar(answer) : gold.kind === answer.kind;
}
