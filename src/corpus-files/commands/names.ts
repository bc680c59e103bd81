/** The commands of `CorpusFilesModule`, apart from it, so that it is only loaded for them. */
export const ON_FILES: readonly string[] = ['check', 'diff', 'interleave', 'merge'];
