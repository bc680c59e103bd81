import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Env } from '../../src/platform/config/env.js';
import { namesOf } from '../../src/platform/parameters/read-dto.js';

const read = (name: string): string => readFileSync(path.resolve(__dirname, '../..', name), 'utf8');

const DOCKERFILE = read('Dockerfile');
const COMPOSE = read('compose.yaml');
const OPERATIONS = read('docs/operations.md');

const units = [...OPERATIONS.matchAll(/^```ini\n# (\/etc\/systemd\/system\/(\S+))\n([\s\S]*?)^```$/gm)].map(
  ([, , name, text]) => ({ name: name!, text: text! }),
);
const unit = (name: string): string => units.find((each) => each.name === name)?.text ?? '';

const all = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, found]) => found!);

const noLines = (text: string): string => text.replace(/^\s*#.*$/gm, '');

/** In the image, in compose.yaml (as a mapping, and from its .env), in units and in what operators are to type. */
const named: [string, string[]][] = [
  ['Dockerfile', all(DOCKERFILE.replace(/^(?!ENV).*$/gm, ''), /\b([A-Z_]+)=/g)],
  ['compose.yaml', all(noLines(COMPOSE), /(?:^ +|\$\{)([A-Z_]+)(?=:)/gm)],
  [
    'docs/operations.md, units',
    units
      .flatMap(({ text }) => all(text, /^Environment=(.*)$/gm))
      .flatMap((line) => all(line, /([A-Z_]+)=/g)),
  ],
  ['docs/operations.md, containers', all(OPERATIONS, /--env ([A-Z_]+)/g)],
];

describe('variables of the environment', () => {
  it.each(named)('of %s are ones that something reads', (_, names) => {
    const known = [...namesOf(Env), 'NODE_ENV', 'PATH'];
    expect(names.length).toBeGreaterThan(1);
    expect(names.filter((name) => !known.includes(name) && !/^(POSTGRES_|PG)[A-Z]+/.test(name))).toEqual([]);
  });

  it('that docs/operations.md puts into .env are those that compose.yaml wants', () => {
    const wanted = new Set(all(COMPOSE, /\$\{([A-Z_]+)/g));
    expect(new Set(all(OPERATIONS, /([A-Z_]+)=%s/g))).toEqual(wanted);
  });

  it('are given values that are accepted', () => {
    const settings = all(`${noLines(COMPOSE)}\n`, /^ +((?:GROUND_TRUTH|DATABASE)_[A-Z_]+: .*)$/gm);
    const values = settings.map((line) => line.split(/: (.*)/).map((part) => part.replaceAll("'", '')));
    expect(() => Env.read(Object.fromEntries(values) as NodeJS.ProcessEnv)).not.toThrow();
    expect(values.length).toBeGreaterThan(1);
  });
});

/** What a text sets it to, or the default. */
function shutdownSeconds(text: string): number {
  return Number(
    /GROUND_TRUTH_SHUTDOWN_SECONDS[=:]\s*'?(\d+)/.exec(text)?.[1] ?? new Env().GROUND_TRUTH_SHUTDOWN_SECONDS,
  );
}

const serverOfCompose = /^ {2}server:\n([\s\S]*?)^\S/m.exec(COMPOSE)?.[1] ?? '';
const serverUnit = unit('ground-truth.service');

it.each([
  ['compose.yaml', serverOfCompose, /^ +stop_grace_period: (\d+)s$/m, shutdownSeconds(serverOfCompose)],
  ['the unit', serverUnit, /^TimeoutStopSec=(\d+)$/m, shutdownSeconds(serverUnit)],
  ['docker run', OPERATIONS, /--stop-timeout (\d+)/, new Env().GROUND_TRUTH_SHUTDOWN_SECONDS],
])('%s gives the server more time to end than it takes', (_, text, pattern, seconds) => {
  expect(Number(pattern.exec(text)?.[1])).toBeGreaterThan(seconds);
});

it('compose.yaml publishes the port that the image listens on, to this machine only, and no other', () => {
  const port = new Env().PORT;
  expect(all(COMPOSE, /^ +- '(\S+:\d+)'$/gm)).toEqual([`127.0.0.1:${port}:${port}`]);
  expect(DOCKERFILE).toMatch(new RegExp(`^EXPOSE ${port}$`, 'm'));
});

describe('Dockerfile', () => {
  it('copies all that .dockerignore lets in, and nothing else gets in', () => {
    const [first, ...rules] = read('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    const copied = all(DOCKERFILE, /^COPY (?!--from)(.*) \S+$/gm).flatMap((names) => names.split(' '));
    expect(first).toBe('*');
    expect(new Set(all(rules.join('\n'), /^!(.*)$/gm))).toEqual(new Set(copied));
    expect(rules.filter((rule) => !rule.startsWith('!'))).toEqual(['**/*.spec.ts']);
  });

  it('has the version of Node that CI tries the production install on', () => {
    const versions = new Set(all(DOCKERFILE, /^FROM node:(\d+)-slim/gm));
    expect(versions.size).toBe(1);
    expect(new Set(all(read('.ci/run'), /with-node (\d+)/g))).toEqual(versions);
    expect(new Set(all(read('.github/workflows/ci.yml'), /node:(\d+)-/g))).toEqual(versions);
  });

  it('can be followed by .ci/check-production.cjs, which knows this environment and one folder', () => {
    expect(all(DOCKERFILE, /^(ENV .*)$/gm)).toEqual([
      'ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 PATH=/app/bin:$PATH',
    ]);
    expect(new Set(all(DOCKERFILE, /^WORKDIR (.*)$/gm))).toEqual(new Set(['/app']));
    expect(all(DOCKERFILE, /^(RUN .*\s\/.*)$/gm)).toEqual([]);
    expect(DOCKERFILE).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
  });
});

it('compose.yaml and the units start what the image starts', () => {
  const main = /^CMD \["node", "(\S+)"\]$/m.exec(DOCKERFILE)?.[1];
  expect(main).toBe('dist/src/main.js');
  expect(serverOfCompose).not.toMatch(/^ +(command|entrypoint):/m);
  expect(serverUnit).toMatch(new RegExp(`^ExecStart=/usr/bin/node /\\S+/${main}$`, 'm'));
  expect(units.map(({ name }) => name)).toEqual([
    'ground-truth.service',
    'ground-truth-export.service',
    'ground-truth-export.timer',
  ]);
});
