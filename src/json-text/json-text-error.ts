/** The text is not JSON, or not JSON that is accepted here. Never quotes the text: it may be personal data. */
export class JsonTextError extends Error {
  override readonly name = 'JsonTextError';

  /**
   * @param reason what is wrong, as a clause without a capital or a full stop
   * @param position byte offset (0-based) at which it was noticed
   */
  constructor(
    readonly reason: string,
    readonly position: number,
  ) {
    super(`${reason} (at byte ${position})`);
  }
}

/** The text nests deeper than is accepted. */
export class TooDeepError extends JsonTextError {
  constructor(levels: number, position: number) {
    super(`deeper than ${levels.toLocaleString('en')} levels`, position);
  }
}
