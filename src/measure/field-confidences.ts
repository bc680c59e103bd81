import {
  equal,
  type FieldPath,
  JsonDocument,
  readMembers,
  sliceOf,
  tryParseFieldPath,
} from '../json-text/index.js';
import { type Move } from '../replay/trace.js';
import { traceAllForward } from '../replay/trace-all.js';
import { type Judged } from './calibration.js';
import { type MeasuredSample } from './measured-sample.js';

/** Compares what a pipeline says of single values of its result with what became of them. */
export class FieldConfidences {
  private readonly before = new JsonDocument();
  private readonly after = new JsonDocument();

  /**
   * Returns each confidence that the sample has for a value of its initial result. An array or object is right if all in it is.
   *
   * @param moves those of the trail
   */
  judge({ fields, initial_result, final_result }: MeasuredSample, moves: readonly Move[]): Judged[] {
    const said = readConfidences(fields);
    if (moves.length === 0) return said.map(({ confidence }) => ({ confidence, isRight: true }));
    const traced = traceAllForward(
      said.map(({ path }) => path),
      moves,
    );
    this.before.load(sliceOf(initial_result));
    this.after.load(sliceOf(final_result));
    const judged = said.map(({ path, confidence }, index) => {
      const now = traced[index];
      const isRight = now !== undefined && (!now.isEdited || this.isEqual(path, now.path));
      return { confidence, isRight };
    });
    this.before.clear();
    this.after.clear();
    return judged;
  }

  private isEqual(before: FieldPath, after: FieldPath): boolean {
    const [was, is] = [this.before.find(before), this.after.find(after)];
    if (was?.exists !== true || is?.exists !== true) return false;
    return equal(this.before.valueOf(was), this.after.valueOf(is));
  }
}

/** @param fields JSON text: an object of objects, or null */
function readConfidences(fields: Buffer): { readonly path: FieldPath; readonly confidence: number }[] {
  return (readMembers(fields) ?? []).flatMap(({ key, value }) => {
    const path = tryParseFieldPath(key);
    const said = readMembers(value)?.findLast((member) => member.key === 'confidence')?.value;
    const confidence = said === undefined ? NaN : Number(said.toString('latin1'));
    const isShare = confidence >= 0 && confidence <= 1 && said?.[0] !== LETTER_N;
    return path && isShare ? [{ path, confidence }] : [];
  });
}

/** `null`, which Number does not read as 0, but an empty string would. */
const LETTER_N = 0x6e;
