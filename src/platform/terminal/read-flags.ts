import { ParameterError, readDto } from '../parameters/read-dto.js';
import { type Flags, type TerminalCommand } from './terminal-command.js';

/** Validates flags of a command with a DTO, as HTTP validates query parameters. Refuses what is wrong with the exit code for it. */
export function readFlags<Dto extends object>(
  command: TerminalCommand,
  dto: new () => Dto,
  flags: Flags,
): Dto {
  try {
    return readDto(dto, { ...flags });
  } catch (error) {
    if (!(error instanceof ParameterError)) throw error;
    command.refuse(error.errors.map(({ field, message }) => `${toFlag(field)}: ${message}`));
  }
}

function toFlag(field: string): string {
  return `--${field.replaceAll('_', '-')}`;
}
