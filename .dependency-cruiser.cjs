// The rules of dependency of docs/architecture.md, checked.
const room = (name) => `^src/${name}/`;
const never = (name, from, to, comment) => ({ name, severity: 'error', comment, from, to });

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    never('no-circular', {}, { circular: true }, 'A circle is one module that pretends to be two.'),
    never('no-orphans', { orphan: true, pathNot: ['\\.d\\.ts$', '\\.spec\\.ts$'] }, {}, 'Nothing uses it.'),
    never(
      'json-text-is-pure',
      { path: room('json-text'), pathNot: '\\.spec\\.ts$' },
      { pathNot: [room('json-text'), '^(node:)?buffer$'] },
      'json-text imports nothing.',
    ),
    never(
      'replay-is-pure',
      { path: room('replay'), pathNot: '\\.spec\\.ts$' },
      { pathNot: [room('replay'), room('json-text')] },
      'replay imports json-text only.',
    ),
    never('bytes-is-pure', { path: room('bytes') }, { pathNot: [room('bytes')] }, 'bytes imports nothing.'),
    never(
      'timestamp-is-pure',
      { path: room('timestamp'), pathNot: '\\.spec\\.ts$' },
      { pathNot: [room('timestamp')] },
      'timestamp imports nothing.',
    ),
    never(
      'corpus-is-below-ground-truth',
      { path: [room('corpus'), room('database')] },
      { path: room('ground-truth') },
      'The write side and the database do not know the read side.',
    ),
    never(
      'database-is-at-the-bottom',
      { path: room('database') },
      { path: ['^src/(http|operations|ground-truth|access)/'] },
      'The database room knows no caller.',
    ),
    never(
      'access-knows-neither-side',
      { path: room('access') },
      { path: [room('ground-truth'), room('corpus'), room('http')] },
      'Who may do what is asked from both sides and from HTTP.',
    ),
    never(
      'access-knows-no-terminal',
      { path: room('access'), pathNot: room('access/commands') },
      { path: [room('terminal'), 'node_modules/(nest-commander|commander)/'] },
      'A server has keys too.',
    ),
    never(
      'files-imports-nothing',
      { path: room('files') },
      { path: '^src/', pathNot: [room('files')] },
      'files imports nothing of ours.',
    ),
    never(
      'services-know-no-framework',
      { path: '\\.(service|repository)\\.ts$' },
      {
        path: ['node_modules/(express|nest-commander|commander|@nestjs/swagger|cli-progress)/', room('http')],
      },
      'HTTP belongs to controllers, flags to commands.',
    ),
    never(
      'the-cli-loads-no-http',
      { path: '(\\.command\\.ts$|^src/cli\\.module\\.ts$|/dto/)' },
      {
        path: [
          'node_modules/(express|@nestjs/swagger|@nestjs/platform-express|helmet|pino|prom-client)/',
          room('http'),
          room('operations'),
        ],
      },
      'The CLI starts in the time it takes to load its modules.',
    ),
    never(
      'no-dev-dependencies',
      { path: '^src/', pathNot: '\\.spec\\.ts$' },
      // Of Express, the types alone are a development dependency.
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
      'What runs must be installed where it runs.',
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
