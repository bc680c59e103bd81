import { readFile } from 'node:fs/promises';
import { FileFault } from '../platform/files/file-fault.js';
import { faultOfParts, type Part } from './parts.js';

const FORMAT = 'ground-truth-corpus-1';

/** What can be counted in a corpus by anybody who holds it. */
export interface Measured {
  readonly samples: number;
  readonly diverged: number;
  /** Before compression, as is `sha256`. */
  readonly bytes: number;
  /** In hexadecimal digits. */
  readonly sha256: string;
  /** RFC 3339; null if there are no samples. */
  readonly first_created_at: string | null;
  readonly last_created_at: string | null;
}

/** What a manifest says that whoever holds the corpus can check. */
export interface Described extends Omit<Measured, 'sha256'> {
  /** Null of a corpus in parts: each has its own. */
  readonly sha256: string | null;
  /** In corpus order; undefined for a corpus in one file. */
  readonly parts?: readonly Part[];
}

/** Says of a corpus what it is, so that whoever holds it can tell that it is whole and unaltered. */
export interface Manifest extends Described {
  readonly tool: { readonly name: string; readonly version: string };
  /** The parameters, by name. */
  readonly filters: Readonly<Record<string, string | number | boolean>>;
  /** The further members of each sample. */
  readonly include: readonly string[];
  /** RFC 3339. */
  readonly snapshot_at: string;
  /** Where the feed of changes goes on behind this corpus; null if it has no such selection. */
  readonly cursor: string | null;
}

/** A manifest as the text of its file. */
export function manifestText(manifest: Manifest): string {
  const { tool, filters, include, snapshot_at, cursor, samples, diverged, bytes, sha256 } = manifest;
  const { first_created_at, last_created_at, parts } = manifest;
  const measured = { samples, diverged, bytes, sha256, first_created_at, last_created_at };
  const ordered = { format: FORMAT, tool, filters, include, snapshot_at, cursor, ...measured, parts };
  return `${JSON.stringify(ordered, undefined, 2)}\n`;
}

/** What is measured of a corpus, by name, with words for messages. */
const MEASURES: Readonly<Record<keyof Measured, string>> = {
  samples: 'samples',
  diverged: 'diverged samples',
  bytes: 'bytes',
  sha256: 'the SHA-256',
  first_created_at: 'the first created_at',
  last_created_at: 'the last created_at',
};

/**
 * Reads what a manifest says of its corpus.
 *
 * @throws FileFault if the file is no manifest; errors of the system
 */
export async function readManifest(file: string): Promise<Described> {
  const refuse = (reason: string): never => {
    throw new FileFault(
      `${file}: ${reason}; ground-truth export writes one, with --manifest or beside parts`,
    );
  };
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return refuse('is not JSON, so it is no manifest');
  }
  const found = Object(value) as Record<string, unknown>;
  if (found.format !== FORMAT) return refuse(`is no manifest: its "format" is not "${FORMAT}"`);
  const missing = Object.keys(MEASURES).filter((name) => found[name] === undefined);
  if (missing.length > 0) return refuse(`is no whole manifest: it lacks ${missing.join(', ')}`);
  const fault = found.parts === undefined ? undefined : faultOfParts(found.parts);
  if (fault !== undefined) return refuse(`is no manifest: ${fault}`);
  return found as unknown as Described;
}

/** Returns in what a corpus is not what its manifest says, one line each. */
export function differencesFrom(manifest: Described, corpus: Measured): string[] {
  const text = (value: string | number | null) =>
    typeof value === 'number' ? value.toLocaleString('en-US') : (value ?? 'none');
  return (Object.keys(MEASURES) as (keyof Measured)[])
    .filter((name) => manifest[name] !== corpus[name] && !(name === 'sha256' && manifest.parts))
    .map((name) => `${MEASURES[name]}: ${text(corpus[name])}, and the manifest says ${text(manifest[name])}`);
}
