/** A flag that several commands have. Read it with `TerminalCommand.targetOf`. */
export const OUT = {
  flags: '--out <file>',
  description: 'output file, compressed if the name ends in .gz; - is standard output (default: -)',
} as const;
