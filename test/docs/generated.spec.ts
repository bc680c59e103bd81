import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { ImportOptionsDto } from '../../src/corpus/commands/import.command.js';
import { PartsFlagsDto } from '../../src/ground-truth/commands/export-parts.js';
import { ExportFilterDto } from '../../src/ground-truth/corpus-filter.js';
import { FeedFlagsDto } from '../../src/ground-truth/feed-query.js';
import { StatisticsQueryDto } from '../../src/ground-truth/statistics-query.js';
import { EvaluateQueryDto } from '../../src/measure/evaluate-query.js';
import { CoverageQueryDto } from '../../src/measure/coverage-query.js';
import { ErrorsQueryDto } from '../../src/measure/errors-query.js';
import { namesOf } from '../../src/platform/parameters/read-dto.js';
import { runCommand } from '../setup/command.js';
import { exportSamples, importText, readPlainBundled } from '../setup/corpus.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';

const ROOT = path.resolve(__dirname, '../..');
const read = (name: string): string => readFileSync(path.join(ROOT, name), 'utf8');
const README = read('README.md');
const COMMANDS = [
  'access-log',
  'api-key',
  'changes',
  'check',
  'completion',
  'coverage',
  'dataset',
  'demo',
  'diff',
  'erase',
  'errors',
  'evaluate',
  'export',
  'import',
  'interleave',
  'merge',
  'migrate',
  'serve',
  'stats',
  'verify',
];
const SUBCOMMANDS = ['api-key create', 'api-key list', 'api-key revoke'];

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => database.clear());

describe('what `npm run docs` writes', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'ground-truth-docs-'));
    const script = path.join(ROOT, 'scripts/generate-docs.cjs');
    execFileSync(process.execPath, [script, '--out', folder, '--database', database.url], {
      env: { PATH: process.env.PATH },
    });
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it.each([
    'docs/openapi.json',
    'docs/cli.md',
    'docs/schema.sql',
    'docs/architecture.md',
    'web/src/api/schema.ts',
  ])('%s is up to date', (name) => {
    expect(read(name)).toBe(readFileSync(path.join(folder, path.basename(name)), 'utf8'));
  });
});

interface Parameter {
  name: string;
  in: string;
  required: boolean;
  description?: string;
  schema: { type: string; default?: unknown; example?: unknown };
}

interface Described {
  example?: unknown;
  examples?: Record<string, { value: object }>;
}

interface Operation {
  parameters: Parameter[];
  responses: Record<string, { description: string; content: Record<string, Described> }>;
}

const { paths } = JSON.parse(read('docs/openapi.json')) as { paths: Record<string, { get: Operation }> };
const operation = (name: string): Operation => paths[`/api/v1/ground-truth/${name}`]!.get;

describe('Swagger', () => {
  it.each([
    ['export', ExportFilterDto],
    ['stats', StatisticsQueryDto],
    ['errors', ErrorsQueryDto],
    ['coverage', CoverageQueryDto],
  ])('describes the parameters of %s as its DTO has them', (name, dto) => {
    const { parameters } = operation(name);
    const defaults = new dto() as unknown as Record<string, unknown>;
    expect(parameters.map((parameter) => parameter.name).sort()).toEqual(namesOf(dto).sort());
    for (const { name, in: place, required, description, schema } of parameters) {
      expect({ name, place, required, default: schema.default }).toEqual({
        name,
        place: 'query',
        required: false,
        default: defaults[name],
      });
      expect(description).toMatch(/\S.{10}/);
    }
  });

  it('shows an export of ten samples by lines of the demo, which fit the schema of a sample', async () => {
    const { parameters, responses } = operation('export');
    expect(parameters.find(({ name }) => name === 'limit')?.schema.example).toBe(10);
    const example = responses['200']?.content['application/x-ndjson']?.example as string;
    const lines = example.match(/.*\n/g)!;
    expect(lines).toHaveLength(2);
    const ofDemo = (await readPlainBundled()).match(/.*\n/g)!;
    expect(ofDemo.filter((line) => lines.includes(line))).toEqual(lines);
    for (const line of lines) expect(faultsOf(JSON.parse(line))).toEqual([]);
  });

  it('describes one sample by the sample that it gives for an example of the corpus', () => {
    const { parameters, responses } = operation('samples/{id}');
    const example = responses['200']?.content['application/json']?.example as { job_id: string };
    expect(faultsOf(example)).toEqual([]);
    expect(parameters).toMatchObject([
      { name: 'id', in: 'path', required: true, schema: { type: 'string', example: example.job_id } },
      { name: 'include', in: 'query', required: false },
    ]);
  });

  it.each([
    ['export', ['400', '401', '403', '429', '500', '503']],
    ['stats', ['400', '401', '403', '429', '503']],
    ['errors', ['400', '401', '403', '429', '500', '503']],
    ['coverage', ['400', '401', '403', '429', '500', '503']],
    ['samples/{id}', ['400', '401', '403', '404', '429', '500', '503']],
  ])('describes the errors of %s with examples', (name, statuses) => {
    const { responses } = operation(name);
    expect(Object.keys(responses)).toEqual(['200', ...statuses]);
    for (const status of statuses) {
      const examples = Object.values(responses[status]!.content['application/problem+json']!.examples!);
      expect(examples).not.toHaveLength(0);
      for (const { value } of examples) expect(value).toMatchObject({ status: Number(status) });
    }
  });
});

function faultsOf(sample: unknown): unknown {
  const schema = JSON.parse(read('docs/ground-truth-sample.schema.json')) as object;
  const validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema);
  return validate(sample) ? [] : validate.errors;
}

/** By command; of the program itself by no name. */
const helps = new Map<string, string>();

function help(...command: string[]): string {
  return helps.get(command.join(' '))!;
}

/** The commands that a command's help lists. */
function listed(...command: string[]): string[] {
  const [, rows = ''] = /\nCommands:\n(.*?)(?:\n\n|$)/s.exec(help(...command)) ?? [];
  return [...rows.matchAll(/^ {2}([a-z][a-z-]*)(?= )/gm)].map(([, name]) => name!);
}

/** Names of flags with their underscores, and what the help says of each. */
function flagsOf(command: string): Map<string, string> {
  const options =
    help(...command.split(' '))
      .split(/\n\n/)
      .find((part) => part.startsWith('Options:')) ?? '';
  const entries = options.split(/\n {2}(?=-)/).slice(1);
  return new Map(
    entries
      .filter((entry) => entry.startsWith('--'))
      .map((entry) => [/^--([a-z-]+)/.exec(entry)![1]!.replaceAll('-', '_'), entry.replace(/\s+/g, ' ')]),
  );
}

describe('the commands', () => {
  beforeAll(async () => {
    for (const command of ['', ...COMMANDS, ...SUBCOMMANDS]) {
      const words = command === '' ? [] : command.split(' ');
      const { stdout } = await runCommand([...words, '--help']);
      helps.set(command, stdout.toString());
    }
  });

  it.each<[string, new () => object, string[]]>([
    [
      'export',
      ExportFilterDto,
      [
        'out',
        'manifest',
        'sources',
        'print_stats',
        'collapse_indices',
        'allow_empty',
        ...namesOf(PartsFlagsDto),
      ],
    ],
    ['changes', FeedFlagsDto, ['out', 'state', 'reset']],
    ['stats', StatisticsQueryDto, ['json']],
    ['errors', ErrorsQueryDto, ['corpus', 'json']],
    ['coverage', CoverageQueryDto, ['corpus', 'json']],
    ['import', ImportOptionsDto, ['sources']],
    ['evaluate', EvaluateQueryDto, ['corpus', 'dataset', 'split', 'json', 'markdown']],
  ])('%s has the flags of its DTO, with the same defaults', (command, dto, others) => {
    const flags = flagsOf(command);
    const defaults = new dto() as Record<string, string | number | boolean | undefined>;
    expect([...flags.keys()].filter((name) => !others.includes(name)).sort()).toEqual(namesOf(dto).sort());
    for (const [name, text] of flags) {
      const takesValue = /^--[a-z-]+ </.test(text);
      if (takesValue && defaults[name] !== undefined) {
        // eslint-disable-next-line jest/no-conditional-expect
        expect(text).toContain(`(default: ${String(defaults[name])})`);
      }
    }
  });

  it('are all listed in README', () => {
    expect(listed().filter((name) => name !== 'help')).toEqual(COMMANDS);
    const subcommands = COMMANDS.flatMap((name) => listed(name).map((subcommand) => `${name} ${subcommand}`));
    expect(subcommands).toEqual(SUBCOMMANDS);
    const rows = cellsBelow('Commands').map(([name]) => name!.split(' ')[0]);
    expect(rows.sort()).toEqual(COMMANDS);
  });

  it('have every flag that the documents use', () => {
    for (const name of documents()) {
      for (const [, command = '', rest = ''] of code(read(name)).matchAll(
        /(?:ground-truth|cli\.js) ([a-z][a-z-]*(?: (?:create|list|revoke)\b)?)((?:[^\n|;&]|\\\n)*)/g,
      )) {
        const flags = [...rest.matchAll(/(?<= )--([a-z-]+)/g)].map(([, flag]) => flag!.replaceAll('-', '_'));
        if ([...COMMANDS, ...SUBCOMMANDS].includes(command)) {
          const known = ['help', ...flagsOf(command).keys()];
          // eslint-disable-next-line jest/no-conditional-expect
          expect({ name, command, unknown: flags.filter((flag) => !known.includes(flag)) }).toEqual({
            name,
            command,
            unknown: [],
          });
        }
      }
    }
  });
});

/** The cells, without their backticks, of the table's rows below a heading of README. */
function cellsBelow(heading: string): string[][] {
  const section = README.slice(README.indexOf(`\n## ${heading}\n`) + 1).split(/\n## /)[0] ?? '';
  return [...section.matchAll(/^\| (`.*) \|$/gm)].map(([, row]) =>
    row!.split(' | ').map((cell) => cell.replaceAll('`', '')),
  );
}

/** What stands between backticks. */
function code(markdown: string): string {
  const blocks = markdown.match(/^```[a-z]+\n[\s\S]*?^```$/gm) ?? [];
  return [...blocks, ...(markdown.match(/`[^`\n]+`/g) ?? [])].join('\n');
}

describe('README', () => {
  it('shows a sample that is one, and whose trail leads back', async () => {
    const sample = JSON.parse(blocks('json')[0]!) as unknown;
    expect(faultsOf(sample)).toEqual([]);
    await importText(database.dataSource, JSON.stringify(sample));
    expect(await exportSamples(database.dataSource)).toEqual([sample]);
  });

  it('shows SQL that works and leaves a trail that leads back', async () => {
    for (const statement of blocks('sql')[0]!.split(/;\n/)) await database.query(statement);
    expect(await exportSamples(database.dataSource)).toMatchObject([
      {
        initial_result: { header: { perihal: 'Pengamanan' } },
        final_result: { header: { perihal: 'Pengamanan unjuk rasa' } },
        corrections: [{ field_path: 'header.perihal' }],
      },
    ]);
  });
});

function blocks(language: string): string[] {
  return [...README.matchAll(/^```([a-z]+)\n([\s\S]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , text]) => text!);
}

function documents(): string[] {
  const below = (folder: string): string[] =>
    readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
      const name = path.posix.join(folder, entry.name);
      return entry.isDirectory() ? below(name) : name.endsWith('.md') ? [name] : [];
    });
  return ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'samples/README.md', ...below('docs')];
}

/** As GitHub makes them: lower case, no punctuation, dashes for spaces. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('what is for contributors', () => {
  it.each(['CONTRIBUTING.md', 'docs/architecture.md'])('%s names files and folders that exist', (name) => {
    const paths = [...read(name).matchAll(/`((?:[\w-]+\/)+(?:[\w.-]+\.[a-z]+)?)`/g)].map(
      ([, found]) => found!,
    );
    expect(paths.length).toBeGreaterThan(20);
    const bases = ['', 'docs', 'src', 'src/ground-truth', 'src/platform', 'web/src'];
    expect(paths.filter((found) => !bases.some((base) => existsSync(path.join(ROOT, base, found))))).toEqual(
      [],
    );
  });

  it('lists every decision', () => {
    const listed = [...read('docs/architecture.md').matchAll(/\]\((decisions\/\d{4}-.*?\.md)\)/g)];
    const there = readdirSync(path.join(ROOT, 'docs/decisions')).map((file) => `decisions/${file}`);
    expect([...new Set(listed.map(([, file]) => file))]).toEqual(there.sort());
  });
});

describe('links', () => {
  it.each(documents())('of %s lead to files and headings that exist', (name) => {
    const text = read(name).replace(/^```[\s\S]*?^```$/gm, '');
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
    const broken = links.filter((link) => {
      if (/^https?:/.test(link)) return false;
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? name : path.posix.join(path.posix.dirname(name), file);
      if (!existsSync(path.join(ROOT, target))) return true;
      return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});
