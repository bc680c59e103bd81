import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';

/** A parameter that is at fault, by its name in the DTO, and what is wrong with it. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** Parameters that are not accepted, all of them. */
export class ParameterError extends Error {
  override readonly name = 'ParameterError';

  constructor(readonly errors: readonly FieldError[]) {
    super(errors.map(({ field, message }) => `${field}: ${message}`).join('\n'));
  }
}

/**
 * Turns text parameters into a validated DTO.
 *
 * @throws ParameterError
 */
export function readDto<Dto extends object>(dto: new () => Dto, parameters: Record<string, unknown>): Dto {
  const instance = plainToInstance(dto, parameters);
  const errors = validateSync(instance, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: false,
  });
  if (errors.length > 0) throw new ParameterError(errors.map((error) => toFieldError(error, dto)));
  return instance;
}

function toFieldError({ property, constraints = {} }: ValidationError, dto: new () => object): FieldError {
  if ('whitelistValidation' in constraints) {
    return { field: property, message: `is not known; accepted are ${namesOf(dto).join(', ')}` };
  }
  return { field: property, message: Object.values(constraints)[0] ?? 'is not accepted' };
}

/** The parameters of a DTO, in their order. */
export function namesOf(dto: new () => object): string[] {
  const metadata = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  return [...new Set(metadata.map(({ propertyName }) => propertyName))];
}
