import { Fault } from '../fault.js';

/** A file is not what it should be, or not whole. One line, without document content. */
export class FileFault extends Fault {
  constructor(message: string) {
    super('bad-file', message);
  }
}
