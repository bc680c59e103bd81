import { type PipeTransform } from '@nestjs/common';
import { ParameterError } from './read-dto.js';

/** A UUID of any version (RFC 9562), in upper or lower case. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** An id in a path. */
export class UuidPipe implements PipeTransform<string, string> {
  transform(id: string): string {
    if (UUID.test(id)) return id.toLowerCase();
    const shown = id.length <= 80 ? id : `${id.slice(0, 79)}…`;
    throw new ParameterError([{ field: 'id', message: `${JSON.stringify(shown)} is not a UUID` }]);
  }
}
