import { Injectable } from '@nestjs/common';
import { type Include } from '../ground-truth/evidence-sql.js';
import { type SamplesOptions, SamplesService } from '../ground-truth/samples.service.js';
import { type Coverage, CoverageMeasure } from './coverage.js';
import { coverageOptions, type CoverageQueryDto } from './coverage-query.js';
import { type Errors, ErrorsMeasure } from './errors.js';
import { type ErrorsQueryDto } from './errors-query.js';
import { type SampleTaker } from './measured-samples.js';

/** Measures the approved samples of the database, each time at one moment. */
@Injectable()
export class MeasureService {
  constructor(private readonly samples: SamplesService) {}

  async errors(
    { by, calibration, max_error, ...filter }: ErrorsQueryDto,
    options: SamplesOptions = {},
  ): Promise<Errors> {
    const measure = new ErrorsMeasure({ ...(by !== undefined && { by }), calibration, max_error });
    const include: Include[] = [];
    if (calibration || by === 'producer') include.push('producer');
    if (calibration) include.push('fields');
    return measure.report(
      await this.take(
        measure,
        { ...filter, include: new Set(include) },
        { ...options, withConfirmations: true },
      ),
    );
  }

  async coverage(query: CoverageQueryDto, options: SamplesOptions = {}): Promise<Coverage> {
    const measure = new CoverageMeasure(coverageOptions(query));
    const { bucket: _bucket, per: _per, gain: _gain, as_of: _asOf, ...filter } = query;
    return measure.report(await this.take(measure, filter, options));
  }

  /** @returns how many jobs the filter selects, approved or not */
  private async take(
    measure: SampleTaker,
    filter: Parameters<SamplesService['readApproved']>[0],
    options: Parameters<SamplesService['readApproved']>[2],
  ): Promise<number> {
    return this.samples.readApproved(
      filter,
      (sample) => {
        measure.add(sample);
      },
      options,
    );
  }
}
