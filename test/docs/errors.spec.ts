import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runCommand } from '../setup/command.js';

const ROOT = path.resolve(__dirname, '../..');
const BUNDLED = path.join(ROOT, 'samples/surat-perintah.jsonl');
const page = readFileSync(path.join(ROOT, 'docs/errors.md'), 'utf8');

/** The block of text below a mark. */
function shown(mark: string): string {
  const [, block = ''] = page.slice(page.indexOf(`<!-- ${mark}:`)).split(/^```(?:text)?\n/m);
  return block;
}

async function printed(...args: string[]): Promise<string> {
  const run = await runCommand([...args, '--corpus', BUNDLED]);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  return run.stdout.toString();
}

describe('docs/errors.md', () => {
  it('shows the errors of the demo', async () => {
    const lines = (await printed('errors')).split('\n');
    const start = lines.findIndex((line) => line.startsWith('rate'));
    // Fields of every document.
    const table = lines.slice(start).filter((line, row) => row === 0 || / 210 {2,}/.test(line));
    expect(shown('errors of the demo')).toBe(`${table.join('\n')}\n`);
  });

  it('shows the coverage of the demo', async () => {
    const text = await printed('coverage', '--as-of', '2025-06-30');
    // Without most of the units.
    const lines = text.split('\n').filter((line) => !/^\d+ .*"$/.test(line) || /^(31|22) /.test(line));
    expect(shown('coverage of the demo')).toBe(lines.join('\n'));
  });

  it('says what the numbers of the demo are', async () => {
    const { fields, calibration } = JSON.parse(await printed('errors', '--calibration', '--json')) as {
      fields: { field_path: string; values: number; wrong: number; missing: number; spurious: number }[];
      calibration: Record<'documents' | 'fields', { all: { auroc: number } }>;
    };
    const nrp = fields.find(({ field_path }) => field_path === 'personel[*].nrp')!;
    expect(page).toContain(
      `of ${nrp.values.toLocaleString('en')} values of \`personel[*].nrp\` in 210 documents, reviewers changed ${nrp.wrong}, added ${nrp.missing} and removed ${nrp.spurious}`,
    );
    const { documents, fields: values } = calibration;
    expect(page).toContain(
      `values have an AUROC of ${values.all.auroc.toFixed(2)} and documents one of ${documents.all.auroc.toFixed(2)}`,
    );
  });
});
