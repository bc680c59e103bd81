import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { CLI, runCli, runShell } from '../setup/cli.js';
import { runCommand } from '../setup/command.js';
import { linesOf, readBundled, readPlainBundled } from '../setup/corpus.js';
import { type LocalServer, startLocalServer } from '../setup/local-server.js';
import { startServer } from '../setup/server.js';

const ROOT = path.resolve(__dirname, '../..');

describe('ground-truth demo', () => {
  let folder: string;
  /** By the demonstration, when it ran last. */
  let said: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-demo-'));
    // As root the server runs as another user, who has to get there, or its data would go elsewhere.
    await chmod(folder, 0o755);
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it('writes a valid corpus, when run twice too, from a database of its own, and says what to do next', async () => {
    const validate = new Ajv2020({ strict: true }).compile(
      JSON.parse(await readFile(path.join(ROOT, 'docs/ground-truth-sample.schema.json'), 'utf8')) as object,
    );
    const bundled = linesOf(await readPlainBundled());
    const nowhere = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' };
    // Not npx, which would not find the program from this folder. In this process it has no path.
    for (const [way, env, unset, program] of [
      [runCli, nowhere, 'DATABASE_URL= ', CLI],
      [runCommand, {}, '', 'ground-truth'],
    ] as const) {
      const run = await way(['demo'], { cwd: folder, env });
      expect([unset, run.code, run.stderr]).toEqual([unset, 0, '']);
      const lines = linesOf(await readFile(path.join(folder, 'corpus.jsonl'), 'utf8'));
      expect(lines).toEqual(bundled.filter((line) => line.includes('"approved":true,')));
      for (const line of lines) expect([validate(JSON.parse(line)), validate.errors]).toEqual([true, null]);
      said = run.stdout.toString();
      expect(said).toMatch(new RegExp(`^ *${unset}GROUND_TRUTH_DATA_DIR=\\S+ ${program} serve$`, 'm'));
    }
  });

  it('prints addresses that are there, and statistics whose indices are collapsed', async () => {
    const dataDir = dataDirIn(said);
    const env = { GROUND_TRUTH_DATA_DIR: dataDir };
    const server = await startLocalServer(env);
    const addresses = [...said.matchAll(/curl --fail 'http:\/\/localhost:3000(\/[^']*)'/g)].map(
      ([, rest]) => rest!,
    );
    const [corpus, statistics] = await Promise.all(
      addresses.map(async (rest) => (await fetch(server.url + rest)).text()),
    );
    await server.stop();
    expect(linesOf(corpus!)).toHaveLength(10);
    expect(statistics).toContain('"personel[*].nrp"');
    const { stdout } = await runCommand(['stats', '--collapse-indices', '--top-n', '5'], { env });
    expect(said).toContain(stdout.toString());
    const exported = await runCommand(['export', '--limit', '1', '--print-stats', '--collapse-indices'], {
      env,
    });
    expect(exported).toMatchObject({
      code: 0,
      stderr: (await runCommand(['stats', '--collapse-indices'], { env })).stdout.toString(),
    });
  });

  it('prints a command that serves that database', async () => {
    const dataDir = dataDirIn(said);
    const server = await startServer({ GROUND_TRUTH_DATA_DIR: dataDir });
    const cli = await runCommand(['export', '--approved-only', 'false'], {
      env: { GROUND_TRUTH_DATA_DIR: dataDir },
    });
    const response = await fetch(`${server.url}/api/v1/ground-truth/export?approved_only=false`);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.equals(Buffer.from(await readPlainBundled()))).toBe(true);
    expect(cli.stdout.equals(bytes)).toBe(true);
    await server.stop();
    const alone = await runCli(['export', '--approved-only', 'false'], {
      env: { GROUND_TRUTH_DATA_DIR: dataDir },
    });
    expect(alone.stdout.equals(bytes)).toBe(true);
    const contents = path.join(folder, 'contents');
    const all = await runCommand(
      ['export', '--approved-only', 'false', '--include', 'all', '--sources', contents],
      { env: { GROUND_TRUTH_DATA_DIR: dataDir } },
    );
    expect(all.stdout.equals(Buffer.from(await readBundled()))).toBe(true);
    const images = (await readdir(contents)).filter((name) => name.endsWith('.png'));
    expect(images.sort()).toEqual((await readdir(path.join(ROOT, 'samples/contents'))).sort());
  });

  describe('has what the examples of Swagger UI are about', () => {
    let server: LocalServer;
    let examples: Example[];
    beforeAll(async () => {
      const dataDir = dataDirIn(said);
      server = await startLocalServer({ GROUND_TRUTH_DATA_DIR: dataDir });
      const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as Document;
      // An export has an id once it was made.
      examples = examplesIn(document).filter(({ path }) => !path.includes('/exports/'));
    });
    afterAll(() => server.stop());

    it('every GET and the dry run are answered with 200, as they are described', async () => {
      const reads = examples.filter(({ method, path }) => method === 'GET' || path.endsWith('/result'));
      const answers = new Map<string, unknown>();
      for (const example of reads) {
        const response = await send(server.url, example);
        expect([example.path, response.status]).toEqual([example.path, 200]);
        const text = await response.text();
        // What is still missing depends on the day.
        if (typeof example.answer === 'object' && !example.path.endsWith('/coverage'))
          answers.set(example.path, [JSON.parse(text), example.answer]);
      }
      expect(reads.length).toBeGreaterThan(8);
      for (const [path, [answer, described]] of answers as Map<string, [Body, Body]>) {
        // Corrections have other ids when the demo has been run twice.
        const strip = ({ corrections }: Body) => corrections?.map((correction) => ({ ...correction, id: 0 }));
        expect({
          path,
          ...shownOf(answer, described),
          corrections: strip(answer),
          next_cursor: null,
        }).toEqual({
          path,
          ...described,
          corrections: strip(described),
          next_cursor: null,
        });
      }
      expect(answers.size).toBeGreaterThan(6);
    });

    it('they work from top to bottom', async () => {
      const statuses: [string, number][] = [];
      let leased: Leased | undefined;
      for (const example of examples) {
        const response = await send(server.url, leased ? ofLease(example, leased) : example);
        const text = await response.text();
        if (example.path.endsWith('/jobs/next')) leased = JSON.parse(text) as Leased;
        statuses.push([`${example.method} ${example.path}`, response.status]);
      }
      const corrections = 'POST /api/v1/jobs/{id}/corrections';
      const others: Record<string, number> = {
        'POST /api/v1/jobs': 201,
        [corrections]: 201,
        'POST /api/v1/jobs/{id}/confirmations': 201,
        'DELETE /api/v1/jobs/{id}/lease': 204,
      };
      expect(statuses).toEqual(statuses.map(([name]) => [name, others[name] ?? 200]));
      // One correction, and several.
      expect(statuses.filter(([name]) => name === corrections)).toHaveLength(2);
      const corpus = await fetch(`${server.url}/api/v1/ground-truth/export?approved_only=false`);
      expect((await corpus.text()).includes('"diverged":')).toBe(false);
    });
  });

  it('leaves no process behind', async () => {
    const { stdout } = await runShell(`ps -A -o args | grep -F '${folder}' | grep -v grep || true`);
    expect(stdout.toString()).toBe('');
  });
});

/** The folder in the command that the demo prints. */
function dataDirIn(said: string): string {
  return /GROUND_TRUTH_DATA_DIR=(\S+) \S.* serve$/m.exec(said)![1]!;
}

interface Described {
  readonly example?: unknown;
  readonly examples?: Record<string, { readonly value: unknown }>;
}

interface Document {
  readonly paths: Record<
    string,
    Record<
      string,
      {
        readonly parameters?: (Described & {
          readonly name: string;
          readonly in: string;
          readonly schema: { readonly example?: unknown; readonly default?: unknown };
        })[];
        readonly requestBody?: { readonly content: Record<string, Described> };
        readonly responses: Record<string, { readonly content?: Record<string, Described> }>;
      }
    >
  >;
}

/** What the server's answers have that is compared one by one. */
interface Body extends Readonly<Record<string, unknown>> {
  readonly corrections?: readonly object[];
}

/** What names an element in a list of which an example shows some. */
const NAMES: Readonly<Record<string, string>> = {
  jobs: 'job_id',
  fields: 'field_path',
  reviewers: 'reviewer',
};

/** An answer with those elements only that its example shows. */
function shownOf(answer: Body, described: Body): Body {
  const lists = Object.entries(NAMES).flatMap(([member, name]) => {
    const [all, some] = [answer[member], described[member]];
    if (!Array.isArray(all) || !Array.isArray(some)) return [];
    const nameOf = (element: unknown) => (element as Record<string, unknown>)[name];
    const shown = new Set(some.map(nameOf));
    return [[member, all.filter((element) => shown.has(nameOf(element)))]];
  });
  return { ...answer, ...(Object.fromEntries(lists) as Body) };
}

/** A request as Swagger UI sends it if nothing is filled in, and the answer that is described. */
interface Example {
  readonly method: string;
  /** As in the document. */
  readonly path: string;
  readonly target: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly answer: unknown;
}

/** What `POST /jobs/next` has answered. */
interface Leased {
  readonly job: { readonly job_id: string };
  readonly lease: { readonly token: string };
}

/** An example of a lease, with the token and the job that there are. No example can know them. */
function ofLease(example: Example, { job, lease }: Leased): Example {
  if (!example.path.endsWith('/lease')) return example;
  const target = example.path.replace('{id}', job.job_id);
  return { ...example, target, headers: { ...example.headers, 'Lease-Token': lease.token } };
}

const allOf = ({ example, examples = {} }: Described): unknown[] =>
  example === undefined ? Object.values(examples).map(({ value }) => value) : [example];

function examplesIn({ paths }: Document): Example[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { parameters = [], requestBody, responses }]) => {
      let target = path;
      const query = new URLSearchParams();
      const headers: Record<string, string> = {};
      for (const { name, in: place, schema, ...described } of parameters) {
        const value = (allOf(described)[0] ?? schema.example ?? schema.default ?? '') as
          string | number | boolean;
        if (value === '') continue;
        if (place === 'path') target = target.replace(`{${name}}`, String(value));
        else if (place === 'query') query.set(name, String(value));
        else headers[name] = String(value);
      }
      const [mediaType, body] = Object.entries(requestBody?.content ?? {})[0] ?? [];
      if (mediaType !== undefined) headers['Content-Type'] = mediaType;
      const bodies = body === undefined ? [undefined] : allOf(body);
      return bodies.map((value) => ({
        method: method.toUpperCase(),
        path,
        target: query.size > 0 ? `${target}?${query.toString()}` : target,
        headers,
        ...(value !== undefined && { body: typeof value === 'string' ? value : JSON.stringify(value) }),
        answer: allOf(Object.values(responses['200']?.content ?? {})[0] ?? {})[0],
      }));
    }),
  );
}

async function send(url: string, { method, target, headers, body }: Example): Promise<Response> {
  return fetch(url + target, { method, headers, ...(body !== undefined && { body }) });
}
