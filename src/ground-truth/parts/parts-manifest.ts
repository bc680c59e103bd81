import { type Manifest, manifestText } from '../../corpus-files/manifest.js';
import { type Part } from '../../corpus-files/parts.js';
import { packageVersion } from '../../platform/package-file.js';
import { type Compression, ENDINGS } from '../../platform/files/compression.js';
import { type CorpusFilter } from '../corpus-filter.js';
import { type Moment } from '../ground-truth.repository.js';
import { compareRanges } from '../key-range.js';
import { asAskedFor } from '../recorded-export.service.js';
import { type FinishedRange } from './part-folder.js';
import { type WrittenPart } from './part-writer.js';

/** The parts of ranges that were finished in any order, in corpus order. */
export function partsOf(finished: readonly FinishedRange[]): WrittenPart[] {
  return [...finished].sort((a, b) => compareRanges(a.range, b.range)).flatMap(({ parts }) => parts);
}

export interface Totals {
  samples: number;
  diverged: number;
  bytes: number;
}

export function totalsOf(parts: readonly WrittenPart[]): Totals {
  const totals = { samples: 0, diverged: 0, bytes: 0 };
  for (const { samples, diverged, bytes } of parts) {
    totals.samples += samples;
    totals.diverged += diverged;
    totals.bytes += bytes;
  }
  return totals;
}

/** Names that have the order of the parts: `part-00000.jsonl` and so on. */
export function namesOf(count: number, compression: Compression | undefined): string[] {
  const digits = Math.max(5, String(count - 1).length);
  const ending = compression === undefined ? '' : ENDINGS[compression];
  return Array.from({ length: count }, (_, n) => `part-${String(n).padStart(digits, '0')}.jsonl${ending}`);
}

/** What a manifest says of how a corpus was asked for. */
export function manifestHead({
  include,
  ...filter
}: CorpusFilter): Pick<Manifest, 'tool' | 'filters' | 'include'> {
  return {
    tool: { name: 'ground-truth', version: packageVersion() },
    filters: asAskedFor(filter),
    include: [...(include ?? [])],
  };
}

/** @param names those of the parts, in order */
export function partsManifest(
  filter: CorpusFilter,
  moment: Moment,
  parts: readonly WrittenPart[],
  names: readonly string[],
): string {
  const described = parts.map(({ first, last, samples, bytes, sha256 }, index): Part => ({
    name: names[index]!,
    ...{ first, last, samples, bytes, sha256 },
  }));
  return manifestText({
    ...manifestHead(filter),
    ...moment,
    ...totalsOf(parts),
    sha256: null,
    first_created_at: parts[0]?.first.created_at ?? null,
    last_created_at: parts.at(-1)?.last.created_at ?? null,
    parts: described,
  });
}
