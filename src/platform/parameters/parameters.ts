/**
 * Decorators for parameters that arrive as text, from a query string or from flags. Text that cannot be converted stays
 * unchanged, so that the message can quote it.
 */
import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsOptional, ValidateBy, type ValidationArguments } from 'class-validator';
import { formatTimestamp, now, parseTimestamp, TimestampError } from '../timestamp.js';

/** `true`, `false`, in any case (Python writes `True`), `1` or `0`. */
export function BooleanParameter(): PropertyDecorator {
  const values = new Map([
    ['true', true],
    ['1', true],
    ['false', false],
    ['0', false],
  ]);
  return parameter(
    (text) => values.get(text.toLowerCase()) ?? text,
    (value) => typeof value === 'boolean',
    () => 'true, false, 1 or 0',
  );
}

/** A whole number from `least` to `most`; `most` may be Infinity. */
export function CountParameter(least: number, most: number): PropertyDecorator {
  return parameter(
    (text) => {
      const number = /^(0|[1-9][0-9]*)$/.test(text) ? Number(text) : NaN;
      if (!(number >= least && number <= most)) return text;
      // No table has more rows, so a larger number has the same effect.
      return Math.min(number, Number.MAX_SAFE_INTEGER);
    },
    (value) => typeof value === 'number',
    () =>
      most === Infinity ? `a whole number of at least ${least}` : `a whole number from ${least} to ${most}`,
  );
}

/** A decimal number from `least` to `most`. */
export function NumberParameter(least: number, most: number): PropertyDecorator {
  return parameter(
    (text) => {
      const number = /^[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : NaN;
      return number >= least && number <= most ? number : text;
    },
    (value) => typeof value === 'number',
    () => `a number from ${least} to ${most}`,
  );
}

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/** A number of bytes with its unit, such as `512MB` or `64KiB`. Without a unit, bytes. */
export function SizeParameter(): PropertyDecorator {
  return parameter(
    (text) => {
      const [, number = '', unit = 'B'] = /^([1-9][0-9]*)([a-z]+)?$/i.exec(text) ?? [];
      const bytes = Number(number) * (UNITS[unit.toUpperCase()] ?? NaN);
      return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : text;
    },
    (value) => typeof value === 'number',
    () => 'a size such as 512MB or 64KiB',
  );
}

/** One of `choices`. */
export function ChoiceParameter(choices: readonly string[]): PropertyDecorator {
  return parameter(
    (text) => text,
    (value) => typeof value === 'string' && choices.includes(value),
    () => choices.join(' or '),
  );
}

/** A comma-separated set of `choices`. */
export function ChoicesParameter(choices: readonly string[]): PropertyDecorator {
  return parameter(
    (text) => {
      const words = text.split(',');
      return words.every((word) => choices.includes(word)) ? new Set(words) : text;
    },
    (value) => value instanceof Set,
    () => `one or more of ${choices.join(', ')}, with commas between them`,
  );
}

/** Some of the names, written with commas between them, or `all`; as a set in the order of the names. */
export function ListParameter(names: readonly string[]): PropertyDecorator {
  return parameter(
    (text) => {
      const words = text === 'all' ? names : text.split(',');
      const isKnown = words.every((word) => names.includes(word));
      return isKnown ? new Set(names.filter((name) => words.includes(name))) : text;
    },
    // A parameter that is given more than once is an array.
    (value) => value instanceof Set,
    () => `all, or one or more of ${names.join(', ')}, with commas between them`,
  );
}

/** Text that is not empty and has no NUL, which PostgreSQL cannot store. */
export function TextParameter(): PropertyDecorator {
  return TextThat((text) => text !== '' && !text.includes('\0') && text.isWellFormed(), 'text');
}

/** @param accepted describes the accepted text, for the message */
export function TextThat(isAccepted: (text: string) => boolean, accepted: string): PropertyDecorator {
  return parameter(
    (text) => text,
    (value) => typeof value === 'string' && isAccepted(value),
    () => accepted,
  );
}

/** A time, as microseconds since the Unix epoch. */
export function TimeParameter(): PropertyDecorator {
  return applyDecorators(
    IsOptional(),
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? readTime(value) : value)),
    ValidateBy({
      name: 'time',
      validator: {
        validate: (value) => typeof value === 'bigint',
        defaultMessage: ({ property, value }: ValidationArguments) =>
          value instanceof UnreadableTime ? `${quote(value.text)} ${value.reason}` : repeated(property),
      },
    }),
  );
}

/** A time before the parameter `other`, if both are given. */
export function Before(other: string): PropertyDecorator {
  return ValidateBy({
    name: 'before',
    validator: {
      validate: (value, args) => {
        const limit = (args?.object as Record<string, unknown> | undefined)?.[other];
        return typeof value !== 'bigint' || typeof limit !== 'bigint' || value < limit;
      },
      defaultMessage: ({ value, object }: ValidationArguments) => {
        const limit = (object as Record<string, bigint>)[other]!;
        return `${formatTimestamp(value as bigint)} is not before ${other}, ${formatTimestamp(limit)}`;
      },
    },
  });
}

/** A number below the parameter `other`, if both are given. */
export function Below(other: string): PropertyDecorator {
  return ValidateBy({
    name: 'below',
    validator: {
      validate: (value, args) => {
        const limit = (args?.object as Record<string, unknown> | undefined)?.[other];
        return typeof value !== 'number' || typeof limit !== 'number' || value < limit;
      },
      defaultMessage: ({ value, object }: ValidationArguments) =>
        `${String(value)} is not below ${other}, ${(object as Record<string, number>)[other]!}`,
    },
  });
}

/** A time in the future, by the clock of this process. */
export function InFuture(): PropertyDecorator {
  return ValidateBy({
    name: 'inFuture',
    validator: {
      validate: (value) => typeof value !== 'bigint' || value > now(),
      defaultMessage: ({ value }: ValidationArguments) =>
        `${formatTimestamp(value as bigint)} is not in the future`,
    },
  });
}

class UnreadableTime {
  constructor(
    readonly text: string,
    readonly reason: string,
  ) {}
}

function readTime(text: string): bigint | UnreadableTime {
  try {
    return parseTimestamp(text);
  } catch (error) {
    if (error instanceof TimestampError) return new UnreadableTime(text, error.message);
    throw error;
  }
}

function parameter(
  read: (text: string) => unknown,
  isValid: (value: unknown) => boolean,
  accepted: () => string,
): PropertyDecorator {
  return applyDecorators(
    IsOptional(),
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? read(value) : value)),
    ValidateBy({
      name: 'parameter',
      validator: {
        validate: isValid,
        defaultMessage: ({ property, value }: ValidationArguments) =>
          Array.isArray(value) ? repeated(property) : `${quote(value)} is not ${accepted()}`,
      },
    }),
  );
}

function repeated(property: string): string {
  return `${property} is given more than once`;
}

/** Quotes a value, shortened. */
function quote(value: unknown): string {
  const text = JSON.stringify(typeof value === 'string' ? value : String(value));
  return text.length <= 80 ? text : `${text.slice(0, 79)}…"`;
}
