import { availableParallelism } from 'node:os';
import { counted } from '../../platform/counted.js';
import { type Compression, COMPRESSIONS } from '../../platform/files/compression.js';
import {
  BooleanParameter,
  ChoiceParameter,
  CountParameter,
  SizeParameter,
} from '../../platform/parameters/parameters.js';
import { inGroups, inMegabytes, printNote } from '../../platform/terminal/print.js';
import { Progress } from '../../platform/terminal/progress.js';
import {
  type PartsExported,
  type PartsExportService,
  type PartsRequest,
} from '../parts/parts-export.service.js';
import { type Statistics } from '../statistics-query.js';
import { userName } from './user-name.js';

const MOST_READERS = 256;
const UPDATE_MS = 250;

/** Flags of a corpus in parts. */
export class PartsFlagsDto {
  @SizeParameter()
  readonly part_size: number = 512e6;

  @CountParameter(1, MOST_READERS)
  readonly readers: number = Math.max(1, Math.floor(availableParallelism() / 2));

  @ChoiceParameter(COMPRESSIONS)
  readonly compress?: Compression;

  @BooleanParameter()
  readonly resume: boolean = false;
}

type Request = Pick<
  PartsRequest,
  'filter' | 'folder' | 'allowEmpty' | 'contents' | 'statistics' | 'signal' | 'countFirst'
>;

/** Exports a corpus to a folder, and shows how far it is. */
export async function exportParts(
  service: PartsExportService,
  { part_size, readers, compress, resume }: PartsFlagsDto,
  request: Request,
): Promise<Statistics | undefined> {
  const progress = new Progress('Exporting');
  let timer: NodeJS.Timeout | undefined;
  try {
    const exported = await service.export({
      ...request,
      who: userName(),
      ...{ readers, resume },
      partBytes: part_size,
      compression: compress,
      onBegin: (counts, total) => {
        progress.start(total === undefined ? undefined : { samples: total });
        timer = setInterval(() => {
          progress.update(Number(Atomics.load(counts, 0)), Number(Atomics.load(counts, 1)));
        }, UPDATE_MS);
      },
      onNote: printNote,
    });
    progress.stop();
    printNote(summary(exported, request.folder));
    return exported.statistics;
  } finally {
    clearInterval(timer);
    progress.stop();
  }
}

function summary({ samples, bytes, diverged, parts, kept, readers }: PartsExported, folder: string): string {
  const written = `${counted(samples, 'sample')}, ${inMegabytes(bytes)} MB in ${counted(parts, 'part')} written to ${folder} by ${counted(readers, 'reader')}`;
  const clauses = [written];
  if (kept > 0) clauses.push(`${inGroups(kept)} of the parts were finished before`);
  if (diverged > 0)
    clauses.push(`${inGroups(diverged)} of the samples diverged: the trail does not lead back exactly`);
  return clauses.join('; ');
}
