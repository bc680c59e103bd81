const LINE_FEED = 0x0a;
const BLANK = /^[ \t\r]*$/;

export interface InputLine {
  /** 1-based; blank lines count. */
  readonly number: number;
  /** Without the line feed; undefined if the line is too long. */
  readonly bytes: Buffer | undefined;
}

/**
 * Splits a byte stream into lines and leaves blank ones out. The last line needs no line feed.
 *
 * @param most the most bytes of a line; a longer one is not kept
 */
export async function* splitLines(chunks: AsyncIterable<Buffer>, most: number): AsyncGenerator<InputLine> {
  let number = 0;
  let length = 0;
  let parts: Buffer[] = [];
  const finishLine = (): InputLine => {
    number++;
    const bytes = length > most ? undefined : parts.length === 1 ? parts[0] : Buffer.concat(parts);
    parts = [];
    length = 0;
    return { number, bytes };
  };
  const append = (part: Buffer) => {
    length += part.length;
    if (length <= most) parts.push(part);
    else parts = [];
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      append(chunk.subarray(start, end));
      start = end + 1;
      const line = finishLine();
      if (!isBlank(line)) yield line;
    }
    if (start < chunk.length) append(chunk.subarray(start));
  }
  if (length > 0) {
    const line = finishLine();
    if (!isBlank(line)) yield line;
  }
}

function isBlank({ bytes }: InputLine): boolean {
  return (
    bytes !== undefined && (bytes.length === 0 || (bytes.length < 80 && BLANK.test(bytes.toString('latin1'))))
  );
}
