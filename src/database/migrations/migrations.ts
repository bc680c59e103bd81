import { CreateCorpus1763800000000 } from './1763800000000-create-corpus.js';

/** In the order in which they run. A released one is never edited. */
export const migrations = [CreateCorpus1763800000000];
