/**
 * The rules of dependency. `rooms` is the plan of the house: which folder may import which others. Each room is checked
 * against it, the plan itself may have no circle, and `npm run docs` writes it into docs/architecture.md.
 */

/** A file belongs to the innermost room that its path is in. `knows` names rooms; none knows `src/` itself. */
const rooms = {
  'json-text': { holds: 'JSON as text: paths, edits, comparison, derivation. Pure', knows: [] },
  replay: { holds: 'Undoes a trail and verifies each step. Pure', knows: ['json-text'] },
  platform: {
    holds: 'Faults, times to the microsecond, a growing buffer, worker threads, plurals',
    knows: [],
  },
  'platform/files': {
    holds: 'Files that appear whole or not at all, marks of processes, gzip, system errors',
    knows: ['platform'],
  },
  'platform/parameters': {
    holds: 'Text parameters to validated DTOs, for query strings and flags alike',
    knows: ['platform'],
  },
  'platform/config': {
    holds: '`Env`, the only reader of the environment',
    knows: ['platform', 'platform/parameters'],
  },
  'platform/database/embedded': {
    holds: 'The embedded PostgreSQL: binaries, data folder, server, lease',
    knows: ['platform/files'],
  },
  'platform/database/entities': {
    holds: 'The tables and their columns: the one declaration',
    knows: [],
  },
  'platform/database/migrations': { holds: 'The schema, migration by migration', knows: [] },
  'platform/database/external': {
    holds: 'External relations: tables or views of another application, read under our names',
    knows: ['platform', 'platform/files', 'platform/config', 'platform/database/entities'],
  },
  'platform/database': {
    holds: 'The data source, migrating, binary `COPY`, what errors of the database mean',
    knows: [
      'platform',
      'platform/files',
      'platform/config',
      'platform/database/embedded',
      'platform/database/entities',
      'platform/database/external',
      'platform/database/migrations',
    ],
  },
  'platform/access': {
    holds: 'API keys, scopes, the log of exports',
    knows: [
      'platform',
      'platform/files',
      'platform/config',
      'platform/database',
      'platform/database/entities',
    ],
  },
  'platform/terminal': {
    holds: 'What commands share: flags, output, input, progress, signals, exit codes',
    knows: ['platform', 'platform/files', 'platform/parameters', 'platform/config', 'platform/database'],
  },
  'platform/access/commands': {
    holds: '`api-key`, `access-log`',
    knows: ['platform', 'platform/parameters', 'platform/access', 'platform/terminal'],
  },
  'platform/http': {
    holds: 'Problems (RFC 9457), the guard, transfers, bodies, request ids',
    knows: [
      'json-text',
      'platform',
      'platform/files',
      'platform/config',
      'platform/database',
      'platform/access',
    ],
  },
  'platform/operations': {
    holds: 'Health, metrics, the log of the server',
    knows: [
      'platform',
      'platform/parameters',
      'platform/config',
      'platform/database',
      'platform/access',
      'platform/http',
    ],
  },
  workbench: {
    holds: 'Serves the workbench, which is built from `web/`',
    knows: ['platform', 'platform/files', 'platform/http'],
  },
  'corpus/reading': {
    holds: 'Reading members of JSON from outside, and the limits of a job',
    knows: ['json-text', 'platform', 'platform/parameters'],
  },
  'corpus/evidence': {
    holds: 'What pipelines saw and used: reading it, contents in slices, writing it',
    knows: ['json-text', 'platform', 'platform/database', 'platform/database/entities', 'corpus/reading'],
  },
  'corpus/import': {
    holds: 'Lines to jobs and trails: reading, checking, staging',
    knows: [
      'json-text',
      'replay',
      'platform',
      'platform/database',
      'platform/database/entities',
      'platform/parameters',
      'corpus/reading',
      'corpus/evidence',
    ],
  },
  corpus: {
    holds: 'The write side: intake from pipelines, review, queue, erasure',
    knows: [
      'json-text',
      'replay',
      'platform',
      'platform/parameters',
      'platform/database',
      'platform/database/entities',
      'corpus/reading',
      'corpus/evidence',
      'corpus/import',
    ],
  },
  'corpus/http': {
    holds: 'Its controllers and what Swagger says of them',
    knows: [
      'json-text',
      'platform',
      'platform/parameters',
      'platform/config',
      'platform/http',
      'corpus',
      'corpus/reading',
      'corpus/evidence',
      'corpus/import',
    ],
  },
  'corpus/commands': {
    holds: '`import`, `erase`',
    knows: [
      'corpus-files/commands',
      'platform',
      'platform/parameters',
      'platform/config',
      'platform/terminal',
      'corpus',
      'corpus/evidence',
      'corpus/import',
    ],
  },
  'ground-truth': {
    holds: 'The read side: query, sample writer, export, feed of changes, verification, statistics',
    knows: [
      'json-text',
      'replay',
      'platform',
      'platform/parameters',
      'platform/database',
      'platform/database/entities',
      'platform/database/external',
      'platform/access',
    ],
  },
  'corpus-files': {
    holds:
      'Corpora as files, without a database: merging changes into one, interleaving, checking, comparing, manifests',
    knows: ['json-text', 'replay', 'platform', 'platform/files', 'corpus/import'],
  },
  'corpus-files/commands': {
    holds: '`merge`, `interleave`, `check`, `diff`; opening a corpus',
    knows: ['replay', 'platform', 'platform/files', 'platform/terminal', 'corpus/import', 'corpus-files'],
  },
  'training/layouts': {
    holds: 'Rows and files as trainers want them. Pure',
    knows: [],
  },
  training: {
    holds: 'Datasets for training: rows of samples, groups and splits, the card',
    knows: [
      'json-text',
      'replay',
      'platform',
      'platform/files',
      'platform/parameters',
      'corpus-files',
      'training/layouts',
    ],
  },
  'training/commands': {
    holds: '`dataset`',
    knows: [
      'json-text',
      'platform',
      'platform/files',
      'platform/parameters',
      'platform/config',
      'platform/database',
      'platform/terminal',
      'ground-truth',
      'ground-truth/commands',
      'corpus-files/commands',
      'training',
      'training/layouts',
    ],
  },
  'ground-truth/parts': {
    holds: 'Exports in parts: ranges of a snapshot, readers in threads, what is kept to go on',
    knows: [
      'replay',
      'platform',
      'platform/files',
      'platform/config',
      'platform/database',
      'platform/access',
      'corpus-files',
      'ground-truth',
    ],
  },
  'ground-truth/http': {
    holds: 'Its controller, downloads, what Swagger says of them',
    knows: ['platform/parameters', 'platform/http', 'platform/operations', 'ground-truth'],
  },
  'ground-truth/commands': {
    holds: '`export`, `changes`, `stats`, `verify`; an export that a thread reads',
    knows: [
      'replay',
      'platform/database',
      'platform/access',
      'platform',
      'platform/files',
      'platform/config',
      'platform/parameters',
      'platform/terminal',
      'ground-truth',
      'ground-truth/parts',
      'corpus-files',
    ],
  },
  measure: {
    holds: 'Error rates, calibration, coverage, scores of predictions, and their intervals',
    knows: [
      'json-text',
      'replay',
      'platform',
      'platform/files',
      'platform/parameters',
      'corpus/reading',
      'corpus/import',
      'corpus-files',
      'ground-truth',
    ],
  },
  'measure/http': {
    holds: 'Its controllers and what Swagger says of them',
    knows: ['platform/parameters', 'platform/http', 'ground-truth', 'ground-truth/http', 'measure'],
  },
  'measure/commands': {
    holds: '`errors`, `coverage`, `evaluate`',
    knows: [
      'platform',
      'platform/terminal',
      'corpus-files/commands',
      'ground-truth',
      'ground-truth/commands',
      'training',
      'measure',
    ],
  },
};

const names = Object.keys(rooms);
const escaped = (name) => name.replaceAll('/', '\\/');
/** Files of a room, without those of the rooms in it. */
const filesOf = (name) => {
  const inner = names
    .filter((other) => other.startsWith(`${name}/`))
    .map((other) => escaped(other.slice(name.length + 1)));
  return `^src/${escaped(name)}/${inner.length === 0 ? '' : `(?!(${inner.join('|')})/)`}`;
};
const notSpecs = '\\.spec\\.ts$';

/** A plan with a circle would allow one. */
function refuseCircles() {
  const done = new Set();
  const visit = (name, path) => {
    if (path.includes(name)) throw new Error(`the plan has a circle: ${[...path, name].join(' → ')}`);
    if (done.has(name)) return;
    for (const known of rooms[name].knows) {
      if (!rooms[known]) throw new Error(`${name} knows ${known}, which is no room`);
      visit(known, [...path, name]);
    }
    done.add(name);
  };
  for (const name of names) visit(name, []);
}
refuseCircles();

const never = (name, comment, from, to) => ({ name, severity: 'error', comment, from, to });

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    never('no-circle-of-files', 'A circle is one module that pretends to be two.', {}, { circular: true }),
    never('no-orphans', 'Nothing uses it.', { orphan: true, pathNot: ['\\.d\\.ts$', notSpecs] }, {}),
    ...names.map((name) =>
      never(
        `room ${name}`,
        `${name} may import: ${rooms[name].knows.join(', ') || 'nothing of src/'}.`,
        { path: filesOf(name), pathNot: notSpecs },
        { path: '^src/', pathNot: [filesOf(name), ...rooms[name].knows.map(filesOf)] },
      ),
    ),
    never(
      'every file is in a room',
      'A new folder gets a line in the plan.',
      { path: '^src/[^/]+/', pathNot: names.map(filesOf) },
      {},
    ),
    never(
      'json-text has one public face',
      'Others import json-text/index.ts.',
      { path: '^src/', pathNot: filesOf('json-text') },
      { path: filesOf('json-text'), pathNot: '^src/json-text/index\\.ts$' },
    ),
    never(
      'json-text and replay are pure',
      'No framework, no clock, no database.',
      { path: [filesOf('json-text'), filesOf('replay')], pathNot: notSpecs },
      { pathNot: ['^src/', '^(node:)?buffer$'] },
    ),
    never(
      'the workbench is a client of the API',
      'Of the server it has only the code that reads JSON as text; and its pages do not know each other.',
      { path: '^web/', pathNot: notSpecs },
      { path: '^src/', pathNot: '^src/json-text/' },
    ),
    never(
      'pages of the workbench do not know each other',
      'What two of them need is beside them: parts/, json/, api/.',
      { path: '^web/src/(overview|samples|review)/' },
      { path: '^web/src/(overview|samples|review)/', pathNot: '^web/src/$1/' },
    ),
    never(
      'the server does not know the workbench',
      'It has only the files of its build.',
      { path: '^src/' },
      { path: '^web/' },
    ),
    never(
      'services know no framework but Nest',
      'HTTP belongs to controllers, flags to commands.',
      { path: '\\.(service|repository)\\.ts$' },
      { path: 'node_modules/(express|nest-commander|commander|@nestjs/swagger|cli-progress)/' },
    ),
    never(
      'commands load no HTTP',
      'A command starts in the time it takes to load its modules.',
      { path: '(\\.command\\.ts$|^src/cli\\.module\\.ts$)' },
      {
        path: [
          'node_modules/(express|@nestjs/swagger|@nestjs/platform-express|helmet|pino|prom-client)/',
          '/http/',
          '^src/platform/operations/',
        ],
        dynamic: false,
      },
    ),
    never(
      'commands on files start without class-validator',
      'They have few flags, and check them themselves.',
      { path: filesOf('corpus-files/commands') },
      { path: '^src/platform/terminal/read-flags\\.ts$' },
    ),
    never(
      'what runs is installed where it runs',
      'Only types may come from development dependencies.',
      { path: '^src/', pathNot: notSpecs },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};

// For `npm run docs`; dependency-cruiser accepts no members of its own configuration that it does not know.
Object.defineProperty(module.exports, 'rooms', { value: rooms });
