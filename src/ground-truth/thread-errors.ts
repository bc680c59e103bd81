import { CutByReplica } from '../platform/database/database-fault.js';
import { Fault } from '../platform/fault.js';
import { type FaultParts, faultParts, ReturnedFault } from '../platform/threads.js';

/** An error of a thread that reads the database. Errors lose their class and their code on the way between threads. */
export type ThreadError =
  | { readonly fault: FaultParts }
  | { readonly isCutByReplica: true }
  | { readonly error: { readonly message: string } & Record<string, unknown> };

/** Takes an error apart, to be sent. */
export function toThreadError(error: unknown): ThreadError {
  if (error instanceof Fault) return { fault: faultParts(error) };
  if (error instanceof CutByReplica) return { isCutByReplica: true };
  const { code, syscall, path, routine } = Object(error) as Record<string, unknown>;
  return { error: { message: (error as Error).message, code, syscall, path, routine } };
}

/** Puts an error together that was sent. */
export function fromThreadError(sent: ThreadError): Error {
  if ('fault' in sent) return new ReturnedFault(sent.fault);
  if ('isCutByReplica' in sent) return new CutByReplica();
  return Object.assign(new Error(sent.error.message), sent.error);
}
