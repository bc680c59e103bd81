import { type Objective } from './layouts/layout.js';
import { LAYOUTS } from './layouts/layouts.js';
import { RowWriter } from './row-writer.js';

const EVERY_ASCII = String.fromCharCode(...Array.from({ length: 128 }, (_, code) => code));
const TEXTS = {
  plain: '{"a":"b"}',
  escapes: '{"s":"\\u00e9\\ud800\\n\\"}]","t":"$& $1 \\\\"}',
  'every ASCII character': EVERY_ASCII,
  'characters of one to four bytes, and line separators of JavaScript': 'aé€😀\u2028\u2029\u007f\uffff',
  'more than is written at once': `${'x"é😀\n'.repeat(40_000)}end`,
  nothing: '',
};
const CASES = Object.entries(LAYOUTS).flatMap(([name, layout]) =>
  (Object.keys(layout.rows) as Objective[]).flatMap((objective) =>
    [false, true]
      .filter((hasImages) => !hasImages || layout.withImages.includes(objective))
      .map((hasImages) => [name, objective, hasImages, layout] as const),
  ),
);

describe('a row', () => {
  it.each(CASES)(
    'is written as JSON.stringify writes it: %s, %s, images %s',
    (_, objective, hasImages, layout) => {
      const lead = `Say "JSON".\n${EVERY_ASCII}😀\n\n`;
      const writer = new RowWriter(layout, objective, lead, hasImages);
      const images = hasImages ? ['images/a.png', 'images/b.jpg'] : [];
      for (const input of Object.values(TEXTS))
        for (const answer of Object.values(TEXTS)) {
          const rejected = objective === 'preference' ? `${input}!` : undefined;
          const { line, promptLength, answerLength } = writer.write(
            {
              input: Buffer.from(input),
              answer: Buffer.from(answer),
              rejected: rejected === undefined ? undefined : Buffer.from(rejected),
              images: [],
              index: undefined,
            },
            images,
          );
          const row = layout.rows[objective]!({ prompt: lead + input, answer, rejected }, images);
          expect(line.equals(Buffer.from(`${JSON.stringify(row)}\n`))).toBe(true);
          expect([promptLength, answerLength]).toEqual([(lead + input).length, answer.length]);
        }
    },
  );
});
