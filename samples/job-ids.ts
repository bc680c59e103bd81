import { type Random } from './random.js';

/** UUIDv7 (RFC 9562): the job's time, a counter within its millisecond, random bits. Growing, as the corpus is. */
export class JobIds {
  readonly #random: Random;
  #millisecond = -1;
  #counter = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** `calendar` is in microseconds since 1970 and never less than the time before. */
  next(calendar: number): string {
    const millisecond = Math.floor(calendar / 1000);
    // Starting in the lower half leaves room for 2,048 ids to come in the same millisecond.
    this.#counter = millisecond === this.#millisecond ? this.#counter + 1 : this.#random.below(0x800);
    if (this.#counter > 0xfff) throw new RangeError('more ids in one millisecond than UUIDv7 orders');
    this.#millisecond = millisecond;
    const time = hex(millisecond, 12);
    const variant = hex(0x8000 + this.#random.below(0x4000), 4);
    const rest = hex(this.#random.below(0x1_0000), 4) + hex(this.#random.uint32(), 8);
    return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(this.#counter, 3)}-${variant}-${rest}`;
  }
}

function hex(value: number, width: number): string {
  return value.toString(16).padStart(width, '0');
}
