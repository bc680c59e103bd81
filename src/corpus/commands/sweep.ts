import { printNote } from '../../platform/terminal/print.js';
import { type ContentsRepository } from '../evidence/contents.repository.js';

/** Deletes contents without a job: see `ContentsRepository.sweep`. What the command was for is done, so a failure does not fail it. */
export async function sweepOrSay(contents: ContentsRepository): Promise<void> {
  try {
    await contents.sweep();
  } catch (error) {
    printNote(`contents without a job were not deleted: ${error instanceof Error ? error.message : 'error'}`);
  }
}
