/** What a command says to the program that started it. */
export const ExitCode = {
  Done: 0,
  Failed: 1,
  WrongUsage: 2,
  /** It ran, but what it checked is not sound. */
  NotSound: 3,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
