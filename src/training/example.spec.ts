import { ExampleMaker } from './example.js';
import { parseField } from './parts.js';

it('makes the rows of a table one at a time, each of which has the text of all pages', () => {
  const [rows, characters] = [1000, 500_000];
  const table = Buffer.from(JSON.stringify({ t: Array.from({ length: rows }, (_, nama) => ({ nama })) }));
  const maker = new ExampleMaker({
    input: 'ocr_text',
    objective: 'sft',
    instruction: '',
    schema: undefined,
    answer: 'as-is',
    field: parseField('t[*]')!,
    minEditRatio: 0,
  });
  const examples = maker.make({
    jobId: '',
    filename: '',
    approved: true,
    diverged: false,
    initial: table,
    final: table,
    corrections: Buffer.from('[]'),
    sources: Buffer.from(JSON.stringify([{ kind: 'ocr_text', page: 1, text: 'a'.repeat(characters) }])),
    producer: undefined,
  });
  const before = process.memoryUsage().arrayBuffers;
  let [made, most] = [0, 0];
  for (const example of examples) {
    expect(example).toMatchObject({ input: { length: `t[${made}]\n\n`.length + characters } });
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    made++;
  }
  expect(made).toBe(rows);
  // All of them would take 500 MB.
  expect(most).toBeLessThan(rows * characters * 0.5);
});
