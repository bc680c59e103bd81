import { createHash } from 'node:crypto';
import { parseFieldPath } from '../../json-text/index.js';
import { packageVersion } from '../../platform/package-file.js';
import { isAbsent } from '../../platform/files/system-error.js';
import { Failure } from '../../platform/terminal/failure.js';
import { openInput } from '../../platform/terminal/input.js';
import { lstat } from 'node:fs/promises';
import { AnswerSchema, UnusableSchemaError } from '../answer-schema.js';
import { type DatasetFlagsDto } from '../dataset-flags.js';
import { INSTRUCTIONS } from '../example.js';
import { LAYOUTS } from '../layouts/layouts.js';
import { Ledger } from '../ledger.js';
import { parseField } from '../parts.js';
import { type GroupBy } from '../scan.js';
import { parseSplits, type Split } from '../splits.js';
import { tokenCounter } from '../token-counter.js';
import { type DatasetRequest } from '../write-dataset.js';
import { readWhole, textOrFile } from './flag-files.js';

/** Flags that are texts or name files. */
export type GivenTexts = Readonly<Record<string, string | undefined>>;

/**
 * Reads the files that flags name.
 *
 * @param filters the flags that select samples, as typed
 * @throws Failure if one cannot be read or used
 */
export async function requestOf(
  flags: DatasetFlagsDto,
  { instruction, schema, ledger, tokenizer }: GivenTexts,
  filters: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<DatasetRequest> {
  const splits = parseSplits(flags.split) as readonly Split[];
  const field = parseField(flags.field)!;
  const told =
    instruction === undefined
      ? INSTRUCTIONS[field.isByRow ? 'row' : 'whole'][flags.input]
      : await textOrFile(instruction);
  const answers = schema === undefined ? undefined : await readSchema(await textOrFile(schema));
  const tokens = tokenizer === undefined ? undefined : await readWhole(tokenizer);
  return {
    layout: LAYOUTS[flags.layout],
    objective: flags.objective,
    input: flags.input,
    instruction: told,
    schema: answers,
    answer: flags.answer,
    field,
    minEditRatio: flags.min_edit_ratio,
    groupBy: groupOf(flags.group_by),
    nearDuplicates: flags.near_duplicates === 'off' ? undefined : Number(flags.near_duplicates),
    countTokens: tokens && (await counterOf(tokens, tokenizer!)),
    maxTokens: flags.max_tokens ?? Infinity,
    splits,
    ledger: await readLedger(
      ledger,
      splits.map(({ name }) => name),
      signal,
    ),
    version: packageVersion(),
    flags: {
      ...Object.fromEntries(
        Object.entries(flags)
          .filter(([, value]) => value !== undefined)
          .map(([name, value]) => [name.replaceAll('_', '-'), String(value)]),
      ),
      ...Object.fromEntries(
        Object.entries(filters).map(([name, value]) => [name.replaceAll('_', '-'), String(value)]),
      ),
      instruction: told,
      ...(answers && { schema: answers.text }),
      ...(tokens && { tokenizer: `SHA-256 ${createHash('sha256').update(tokens).digest('hex')}` }),
    },
  };
}

function groupOf(text: string): GroupBy {
  return text === 'none' || text === 'filename' ? text : parseFieldPath(text);
}

async function readSchema(text: string): Promise<AnswerSchema> {
  try {
    return await AnswerSchema.read(Buffer.from(text));
  } catch (error) {
    if (error instanceof UnusableSchemaError) throw new Failure(`--schema: it ${error.message}`);
    throw error;
  }
}

async function counterOf(bytes: Buffer, file: string): Promise<(text: string) => number> {
  try {
    return await tokenCounter(bytes);
  } catch {
    throw new Failure(`--tokenizer: ${file} is not a tokenizer.json that can be used here`);
  }
}

/** A file that does not exist, or is empty, is a ledger without documents. */
async function readLedger(
  file: string | undefined,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Ledger> {
  if (file === undefined) return Ledger.empty(names);
  try {
    await lstat(file);
  } catch (error) {
    if (isAbsent(error)) return Ledger.empty(names);
    throw error;
  }
  return Ledger.read((await openInput(file, signal)).blocks, file, names);
}
