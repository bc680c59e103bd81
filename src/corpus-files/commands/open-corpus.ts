import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { FileFault } from '../../platform/files/file-fault.js';
import { type Input, type InputOptions, openInput } from '../../platform/terminal/input.js';
import { type Described, readManifest } from '../manifest.js';
import { isPartName, MANIFEST_NAME, type Part, verified } from '../parts.js';

/** What is taken for a corpus, for the help of commands. */
export const CORPUS =
  'a corpus: a file, decompressed if it is compressed; a folder with its parts; - is standard input';

/** An opened corpus. */
export interface CorpusInput extends Input {
  /** Of a folder: what its manifest says. That the parts are so is checked as they are read. */
  readonly manifest?: Described;
}

/**
 * Opens a corpus: a file or standard input, as `openInput` does, or a folder with parts and their manifest.
 *
 * @throws as `openInput`; FileFault if a folder is no corpus. The iteration throws one if its parts are not what the manifest says
 */
export async function openCorpus(
  source: string,
  signal: AbortSignal,
  options?: InputOptions,
): Promise<CorpusInput> {
  const isFolder = source !== '-' && (await stat(source).catch(() => undefined))?.isDirectory() === true;
  return isFolder ? openFolder(source, signal, options) : openInput(source, signal, options);
}

async function openFolder(folder: string, signal: AbortSignal, options?: InputOptions): Promise<CorpusInput> {
  const names = await readdir(folder);
  if (!names.includes(MANIFEST_NAME))
    throw new FileFault(
      `${folder} has no ${MANIFEST_NAME}, which an export writes last, so it is no corpus, or not a whole one; ` +
        'finish an export that was interrupted: ground-truth export --resume, with its other flags',
    );
  const manifest = await readManifest(path.join(folder, MANIFEST_NAME));
  const { parts } = manifest;
  if (!parts)
    throw new FileFault(
      `${folder}: the corpus that ${MANIFEST_NAME} describes is in one file; name that file instead of the folder`,
    );
  const blocks = verified(contentOf(folder, parts, new Set(names), signal, options), parts, folder);
  return { blocks, size: manifest.bytes, manifest };
}

async function* contentOf(
  folder: string,
  parts: readonly Part[],
  names: ReadonlySet<string>,
  signal: AbortSignal,
  options?: InputOptions,
): AsyncGenerator<Buffer> {
  const known = new Set(parts.map(({ name }) => name));
  const missing = parts.find(({ name }) => !names.has(name));
  if (missing) throw new FileFault(`${folder}: ${missing.name} is missing`);
  const extra = [...names].find((name) => isPartName(name) && !known.has(name));
  if (extra !== undefined)
    throw new FileFault(`${folder}: ${extra} is not among the parts that ${MANIFEST_NAME} names`);
  for (const { name } of parts) yield* (await openInput(path.join(folder, name), signal, options)).blocks;
}
