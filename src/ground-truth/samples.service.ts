import { Injectable } from '@nestjs/common';
import { type ReadLimits } from '../platform/database/ground-truth-data-source.js';
import { ReplayService } from '../replay/replay.service.js';
import { type CorpusFilter, type SampleFilter } from './corpus-filter.js';
import { GroundTruthRepository } from './ground-truth.repository.js';
import { SampleReader } from './sample-reader.js';

/** After so many bytes of rows, others get a turn. */
const BYTES_OF_A_TURN = 256 * 1024;

export interface SamplesOptions extends ReadLimits {
  /** Called now and then with the number of samples so far, and of bytes read. */
  readonly onProgress?: (progress: { readonly samples: number; readonly bytes: number }) => void;
}

/** Reads samples for what computes with them in this process. */
@Injectable()
export class SamplesService {
  constructor(
    private readonly repository: GroundTruthRepository,
    private readonly replayService: ReplayService,
  ) {}

  /**
   * Reads all approved samples that match, in corpus order and of one moment.
   *
   * @param take is called for each sample, which is valid until it returns
   * @param options.withConfirmations whether samples have their history where the database has confirmations
   * @returns how many jobs match at that moment, approved or not
   */
  async readApproved(
    filter: Omit<SampleFilter, 'approved_only'> & Pick<CorpusFilter, 'include'>,
    take: (sample: SampleReader) => void,
    {
      onProgress,
      withConfirmations = false,
      ...limits
    }: SamplesOptions & { withConfirmations?: boolean } = {},
  ): Promise<number> {
    const progress = { samples: 0, bytes: 0 };
    let nextTurn = BYTES_OF_A_TURN;
    const snapshot = await this.repository.openSnapshot(limits);
    try {
      const include = new Set(filter.include);
      if (withConfirmations && (await snapshot.hasConfirmations())) include.add('history');
      const reader = new SampleReader(this.replayService, include);
      const rows = snapshot.streamJobs({ ...filter, include, approved_only: true }, (row) => {
        reader.read(row);
        take(reader);
        progress.samples++;
        progress.bytes += row.bytes.length;
        if (progress.bytes < nextTurn) return false;
        nextTurn = progress.bytes + BYTES_OF_A_TURN;
        return true;
      });
      for await (const _ of rows) onProgress?.(progress);
      return await snapshot.countJobs({ ...filter, approved_only: false });
    } finally {
      snapshot.close();
    }
  }
}
