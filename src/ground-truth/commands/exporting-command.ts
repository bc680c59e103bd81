import { Option } from 'nest-commander';
import { FilteringCommand, INCLUDE, LIMIT } from './filtering-command.js';

/** The flags of `export`. */
export abstract class ExportingCommand extends FilteringCommand {
  @Option({
    flags: '--out <file>',
    description:
      'output file, compressed if the name ends in .gz; a folder, or a name that ends in /, for a corpus in parts; - is standard output (default: -)',
  })
  out(text: string): string {
    return text;
  }

  @Option({
    flags: '--approved-only <boolean>',
    name: 'approved_only',
    description: 'true: only approved samples; false: all samples (default: true)',
  })
  approvedOnly(text: string): string {
    return text;
  }

  @Option(LIMIT)
  limit(text: string): string {
    return text;
  }

  @Option(INCLUDE)
  include(text: string): string {
    return text;
  }

  @Option({
    flags: '--sources <folder>',
    description:
      'also write the contents of sources that the database holds to this folder, each once, as <sha256>.<extension>; the lines must include sources (default: no)',
  })
  sources(text: string): string {
    return text;
  }

  @Option({
    flags: '--manifest <file>',
    description:
      'also write what the corpus is to this file: filters, moment, samples, digest; for ground-truth check (default: no)',
  })
  manifest(text: string): string {
    return text;
  }

  @Option({
    flags: '--print-stats',
    name: 'print_stats',
    description:
      'also print statistics of the whole database, from the same snapshot, to standard error (default: no)',
  })
  printStats(): boolean {
    return true;
  }

  @Option({
    flags: '--collapse-indices',
    name: 'collapse_indices',
    description:
      'in these statistics, count personel[0].nrp and personel[7].nrp as personel[*].nrp (default: count each separately)',
  })
  collapseIndices(): boolean {
    return true;
  }

  @Option({
    flags: '--allow-empty',
    name: 'allow_empty',
    description: 'replace a file that is not empty even if no sample matches (default: refuse)',
  })
  allowEmpty(): boolean {
    return true;
  }

  @Option({
    flags: '--part-size <size>',
    name: 'part_size',
    description:
      'in a folder: the most bytes of a part, before compression, such as 64MB or 1GiB; a longer line is a part of its own (default: 512MB)',
  })
  partSize(text: string): string {
    return text;
  }

  @Option({
    flags: '--readers <n>',
    description:
      'in a folder: how many threads read, each with a connection of its own; the parts do not depend on it (default: half the cores)',
  })
  readers(text: string): string {
    return text;
  }

  @Option({
    flags: '--compress <how>',
    description: 'in a folder: compress each part, gzip or zstd (default: no)',
  })
  compress(text: string): string {
    return text;
  }

  @Option({
    flags: '--resume',
    description:
      'in a folder: keep the parts that an export which was interrupted has finished, if nothing in them has changed since (default: begin anew)',
  })
  resume(): boolean {
    return true;
  }
}
