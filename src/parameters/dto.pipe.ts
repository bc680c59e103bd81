import { type PipeTransform } from '@nestjs/common';
import { readDto } from './read-dto.js';

/** Reads and validates the query parameters of a route. */
export class DtoPipe<Dto extends object> implements PipeTransform<Record<string, unknown>, Dto> {
  constructor(private readonly dto: new () => Dto) {}

  transform(parameters: Record<string, unknown>): Dto {
    return readDto(this.dto, parameters);
  }
}
