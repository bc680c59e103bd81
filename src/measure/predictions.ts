import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { splitLines, whyNotLines } from '../corpus/import/split-lines.js';
import { FieldReader } from '../corpus/reading/field-reader.js';
import { MAX_LINE_BYTES } from '../corpus/reading/job-size.js';
import { compact, JsonTextError } from '../json-text/index.js';
import { Fault, type FieldError } from '../platform/fault.js';
import { Spool } from '../platform/files/spool.js';
import { bytesOfUuid, uuidAt } from '../platform/uuid.js';

/** Lines that are no predictions. Names them, without their content. */
class BadPredictions extends Fault {
  constructor(errors: readonly FieldError[]) {
    super('invalid-body', errors.map(({ field, message }) => `${field} ${message}`).join('\n'), errors);
  }
}

/** More bad lines than this are not named. */
const MAX_NAMED = 100;

/**
 * Predictions by job, whatever their order. Their text is in a temporary file; memory takes some 100 bytes for each. The caller must
 * close it.
 */
export class Predictions {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'ground-truth-predictions-'));
  private readonly results = new Spool(path.join(this.folder, 'results'));
  /** By the bytes of a job's id: which prediction it is. */
  private readonly numbers = new Map<string, number>();
  private isTaken = new Uint8Array(0);

  /**
   * @param blocks lines `{"job_id": …, "result": …}`, in UTF-8
   * @throws BadPredictions
   */
  static async read(blocks: AsyncIterable<Buffer>): Promise<Predictions> {
    const predictions = new Predictions();
    const faults: FieldError[] = [];
    const fault = (line: number, field: string, message: string) => {
      const place = field === '' ? `line ${line}` : `line ${line}: ${field}`;
      faults.push({ field: place, message });
      if (faults.length === MAX_NAMED) throw new BadPredictions(faults);
    };
    try {
      let isFirst = true;
      for await (const { number, bytes } of splitLines(blocks, MAX_LINE_BYTES)) {
        const reason = isFirst && bytes ? whyNotLines(bytes) : undefined;
        isFirst = false;
        if (reason !== undefined) throw new BadPredictions([{ field: 'the predictions:', message: reason }]);
        predictions.take(bytes, (field, message) => {
          fault(number, field, message);
        });
      }
      if (faults.length > 0) throw new BadPredictions(faults);
      predictions.isTaken = new Uint8Array(predictions.count);
      return predictions;
    } catch (error) {
      predictions.close();
      throw error;
    }
  }

  get count(): number {
    return this.results.count;
  }

  /** The result of a job, as compact JSON text; undefined if there is none. */
  resultOf(jobId: string): Buffer | undefined {
    const number = this.numbers.get(keyOf(jobId));
    if (number === undefined) return undefined;
    this.isTaken[number] = 1;
    return this.results.at(number);
  }

  /** The jobs whose results nobody asked for, and how many there are. */
  notTaken(most: number): { readonly count: number; readonly first: readonly string[] } {
    const count = this.isTaken.reduce((left, taken) => left - taken, this.count);
    const first: string[] = [];
    for (const [key, number] of this.numbers) {
      if (first.length === most) break;
      if (this.isTaken[number] === 0) first.push(idOf(key));
    }
    return { count, first };
  }

  /** Removes the file. */
  close(): void {
    this.results.close();
    rmSync(this.folder, { recursive: true });
  }

  private take(line: Buffer | undefined, fault: (field: string, message: string) => void): void {
    if (line === undefined) {
      fault('', `is longer than ${MAX_LINE_BYTES.toLocaleString('en')} bytes`);
      return;
    }
    const faults: FieldError[] = [];
    const reader = readerOf(line, (field, message) => faults.push({ field, message }));
    reader?.expectKeys(['job_id', 'result'], []);
    const id = reader?.uuid('job_id') ?? null;
    const result = reader?.json('result');
    for (const { field, message } of faults) fault(field, message);
    if (faults.length > 0 || id === null || !result) return;
    if (this.numbers.has(keyOf(id))) fault('job_id', 'is that of an earlier line');
    else {
      this.numbers.set(keyOf(id), this.count);
      this.results.add(result);
    }
  }
}

function readerOf(line: Buffer, onFault: (field: string, message: string) => void): FieldReader | undefined {
  try {
    return new FieldReader(compact(line), '', onFault);
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
    onFault('', `is not JSON: ${error.message}`);
    return undefined;
  }
}

/** The 16 bytes as text, which take less memory than the 36 characters. */
function keyOf(id: string): string {
  return bytesOfUuid(id).toString('latin1');
}

function idOf(key: string): string {
  return uuidAt(Buffer.from(key, 'latin1'), 0);
}
