import { reasonsOf } from '../../platform/terminal/failure.js';
import { printNote } from '../../platform/terminal/print.js';
import { type ContentsRepository } from '../evidence/contents.repository.js';

/** Deletes contents that no job has. What the command was for is done by then, so a failure is told and no more. */
export async function sweep(contents: ContentsRepository): Promise<void> {
  try {
    await contents.sweep();
  } catch (error) {
    printNote(
      'contents of sources that no job has could not be deleted, which the next import tries again: ' +
        reasonsOf(error).join('; '),
    );
  }
}
