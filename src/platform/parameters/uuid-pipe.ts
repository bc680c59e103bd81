import { type PipeTransform } from '@nestjs/common';
import { UUID } from '../uuid.js';
import { ParameterError } from './read-dto.js';

/** An id in a path. */
export class UuidPipe implements PipeTransform<string, string> {
  transform(id: string): string {
    if (UUID.test(id)) return id.toLowerCase();
    const shown = id.length <= 80 ? id : `${id.slice(0, 79)}…`;
    throw new ParameterError([{ field: 'id', message: `${JSON.stringify(shown)} is not a UUID` }]);
  }
}
