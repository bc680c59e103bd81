import { foreignEncodingOf, withoutByteOrderMark } from '../../json-text/index.js';

const LINE_FEED = 0x0a;
const BLANK = /^[ \t\r]*$/;

export interface InputLine {
  /** 1-based; blank lines count. */
  readonly number: number;
  /** Without the line feed; undefined if the line is too long. */
  readonly bytes: Buffer | undefined;
}

/**
 * Splits a byte stream into lines and leaves blank ones out. The last line needs no line feed, and the first may begin with a byte
 * order mark, which is left out too.
 *
 * @param most the most bytes of a line; a longer one is not kept
 */
export async function* splitLines(chunks: AsyncIterable<Buffer>, most: number): AsyncGenerator<InputLine> {
  let number = 0;
  let length = 0;
  let parts: Buffer[] = [];
  const finishLine = (): InputLine => {
    number++;
    const joined = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    const bytes = number === 1 ? withoutByteOrderMark(joined) : joined;
    const isTooLong = length > most;
    parts = [];
    length = 0;
    return { number, bytes: isTooLong ? undefined : bytes };
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

/**
 * Returns why an input whose first line is this one cannot be JSON Lines, and what to do; undefined if it may be. Said once for the
 * whole input, because most of its lines would be faults for the same reason.
 */
export function whyNotLines(firstLine: Buffer): string | undefined {
  const encoding = foreignEncodingOf(firstLine);
  if (encoding === 'gzip') return 'the input is compressed by gzip; decompress it with: gzip -dc FILE';
  if (encoding !== undefined)
    return `the input is ${encoding}, and UTF-8 is accepted; convert it with: iconv -f ${encoding} -t UTF-8 FILE`;
  const start = firstLine.toString('latin1', 0, MOST_WHITE_SPACE).trim();
  if (start.startsWith('['))
    return `${NOT_LINES}, but a JSON array; convert it with: jq -c '.[]' FILE ${NUMBERS_IN_JQ}`;
  if (start === '{')
    return `${NOT_LINES}: an object goes over several lines; convert it with: jq -c . FILE ${NUMBERS_IN_JQ}`;
  return undefined;
}

const MOST_WHITE_SPACE = 80;
const NOT_LINES = 'the input is not JSON Lines, one JSON object a line';
const NUMBERS_IN_JQ = '(jq 1.7 or newer keeps long numbers)';
