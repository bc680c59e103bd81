import { type PipeTransform } from '@nestjs/common';
import { ParameterError } from './read-dto.js';

/** Of a route that takes no query parameters, which refuses those that are given all the same. */
export class NoParametersPipe implements PipeTransform<Record<string, unknown>, void> {
  transform(parameters: Record<string, unknown>): void {
    const errors = Object.keys(parameters).map((field) => ({
      field,
      message: 'is not known; none is accepted',
    }));
    if (errors.length > 0) throw new ParameterError(errors);
  }
}
