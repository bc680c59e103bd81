import { Fault, type FieldError } from '../fault.js';
import { type PipeTransform } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';

/** Invalid parameters: all of them, each with its reason. */
export class ParameterError extends Fault {
  override readonly name = 'ParameterError';

  constructor(override readonly errors: readonly FieldError[]) {
    super(
      'invalid-parameters',
      errors.map(({ field, message }) => `${field}: ${message}`).join('\n'),
      errors,
    );
  }
}

/**
 * Turns text parameters into a validated DTO.
 *
 * @throws ParameterError
 */
export function readDto<Dto extends object>(dto: new () => Dto, parameters: Record<string, unknown>): Dto {
  const names = namesOf(dto);
  // Not class-validator's whitelist: class-transformer skips names such as `constructor`, so it would not see them.
  const [known, unknown] = partition(Object.entries(parameters), ([name]) => names.includes(name));
  const instance = plainToInstance(dto, Object.fromEntries(known));
  const errors = [
    ...unknown.map(([field]) => ({
      field,
      message: `is not known; accepted ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}`,
    })),
    ...validateSync(instance, { forbidUnknownValues: false }).map(toFieldError),
  ];
  if (errors.length > 0) throw new ParameterError(errors);
  return instance;
}

function toFieldError({ property, constraints = {} }: ValidationError): FieldError {
  return { field: property, message: Object.values(constraints)[0] ?? 'is not accepted' };
}

function partition<Item>(items: readonly Item[], belongs: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(belongs), items.filter((item) => !belongs(item))];
}

/** The parameters of a DTO, in order of declaration. */
export function namesOf(dto: new () => object): string[] {
  const metadata = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  return [...new Set(metadata.map(({ propertyName }) => propertyName))];
}

/** Reads and validates the query parameters of a route. */
export class DtoPipe<Dto extends object> implements PipeTransform<Record<string, unknown>, Dto> {
  constructor(private readonly dto: new () => Dto) {}

  transform(parameters: Record<string, unknown>): Dto {
    return readDto(this.dto, parameters);
  }
}

/** For a route without query parameters: refuses any. */
export class NoParametersPipe implements PipeTransform<Record<string, unknown>, void> {
  transform(parameters: Record<string, unknown>): void {
    const errors = Object.keys(parameters).map((field) => ({
      field,
      message: 'is not known; none is accepted',
    }));
    if (errors.length > 0) throw new ParameterError(errors);
  }
}
