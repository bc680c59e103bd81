/**
 * Writes what docs/ holds about the program as the program itself has it: openapi.json, cli.md, schema.sql, and the table of
 * rooms in architecture.md. Run by
 * `npm run docs` on the build; test/docs/generated.spec.ts runs it too and compares.
 *
 *   node scripts/generate-docs.cjs [--out FOLDER] [--database URL]
 *
 * Without --database, the schema is read from an embedded PostgreSQL in a folder that is deleted afterwards.
 */
const { execFileSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
const { mkdtemp, rm, writeFile } = require('node:fs/promises');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
require('reflect-metadata');

const ROOT = path.resolve(__dirname, '..');
const built = (name) => import(path.join(ROOT, 'dist/src', name));

async function main() {
  const { values } = parseArgs({ options: { out: { type: 'string' }, database: { type: 'string' } } });
  const folder = values.out ?? path.join(ROOT, 'docs');
  await writeFile(path.join(folder, 'openapi.json'), await openApi());
  await writeFile(path.join(folder, 'cli.md'), cliReference());
  await writeFile(
    path.join(folder, 'architecture.md'),
    withRooms(readFileSync(path.join(ROOT, 'docs/architecture.md'), 'utf8')),
  );
  await writeFile(path.join(folder, 'schema.sql'), await withDatabase(values.database, schemaText));
}

/** The document that the server gives at /openapi.json. A preview knows the routes and makes no provider: no database. */
async function openApi() {
  const { NestFactory } = await import('@nestjs/core');
  const { AppModule } = await built('app.module.js');
  const { buildDocument, prefixRoutes } = await import('../dist/src/configure-app.js');
  const { Env } = await built('platform/config/env.js');
  const { packageVersion } = await built('platform/config/package-version.js');
  const app = await NestFactory.create(AppModule.forRoot(new Env(), 'required'), {
    preview: true,
    logger: false,
    abortOnError: false,
  });
  prefixRoutes(app);
  return `${JSON.stringify(buildDocument(app, packageVersion()), null, 2)}\n`;
}

const ROOMS = /(<!-- rooms: .*? -->\n).*?(<!-- end of rooms -->)/s;

/** The document with the plan of the rules that `npm run deps:check` holds. */
function withRooms(document) {
  const { rooms } = require('../.dependency-cruiser.cjs');
  const lines = Object.entries(rooms).map(([name, { holds, knows }]) => {
    const known = knows.map((other) => `\`${other.replace('platform/', '…/')}\``).join(', ');
    return `| \`${name}/\` | ${holds} | ${known || 'nothing'} |`;
  });
  const table = ['| Folder in `src/` | What is in it | May import |', '|---|---|---|', ...lines].join('\n');
  return document.replace(ROOMS, `$1\n${table}\n\n$2`);
}

const CLI_INTRODUCTION = `# The commands

Written by \`npm run docs\` from what every command says of itself with \`--help\`. In a checkout, after
\`npm ci && npm run build\`, \`npx ground-truth …\` runs them.

- Data goes to standard output, everything else to standard error. Progress is shown on a terminal only.
- Exit codes: 0 done, 1 failed, 2 wrong usage, 3 it ran, but what it checked is not sound.
- A flag may be given once. Unknown flags and arguments too many are wrong usage.
- A reader that leaves early, such as \`head\`, is no failure. Only \`api-key create\` needs one: a key
  that nobody sees is not created.
- Ctrl-C ends a command by its signal. It leaves no half-written file and no half-done import.
`;

function cliReference() {
  return [CLI_INTRODUCTION, ...sectionsOf([])].join('\n');
}

/** A command's section, then those of its subcommands. */
function sectionsOf(command) {
  const text = help(...command);
  const [, listed = ''] = /\nCommands:\n(.*?)(?:\n\n|$)/s.exec(text) ?? [];
  const names = [...listed.matchAll(/^ {2}([a-z][a-z-]*)(?= )/gm)].map(([, name]) => name);
  const title = ['ground-truth', ...command].join(' ');
  return [
    `## ${title}\n\n\`\`\`text\n${text.trimEnd()}\n\`\`\`\n`,
    ...names.filter((name) => name !== 'help').flatMap((name) => sectionsOf([...command, name])),
  ];
}

/** Not being a terminal, it wraps at 80 columns. */
function help(...command) {
  const cli = path.join(ROOT, 'dist/src/cli.js');
  const env = { PATH: process.env.PATH };
  return execFileSync(process.execPath, [cli, ...command, '--help'], { env, encoding: 'utf8' });
}

async function withDatabase(url, work) {
  if (url !== undefined) return connected(await dataSourceOf({ DATABASE_URL: url }), work);
  const folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-docs-'));
  try {
    return await connected(await dataSourceOf({ GROUND_TRUTH_DATA_DIR: folder }), work);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function dataSourceOf(environment) {
  const { Env } = await built('platform/config/env.js');
  const { GroundTruthDataSource } = await built('platform/database/ground-truth-data-source.js');
  return new GroundTruthDataSource(Env.read(environment));
}

async function connected(dataSource, work) {
  await dataSource.initialize();
  try {
    // In one transaction, so that the settings and the queries meet on one connection.
    return await dataSource.transaction(async (transaction) => {
      await transaction.query(`set local timezone = 'UTC'; set local search_path = public;`);
      return work(transaction);
    });
  } finally {
    await dataSource.destroy();
  }
}

const SCHEMA_INTRODUCTION = `-- The schema as the migrations leave it, read back from the database by \`npm run docs\`. To be read, not run: \`ground-truth
-- migrate\` makes it. TypeORM's own table, ground_truth_migrations, is left out.
`;

/** Each statement as PostgreSQL itself puts it; 15 and 18 put all of them alike. */
async function schemaText(database) {
  const found = {};
  for (const [kind, query] of Object.entries(CATALOG)) found[kind] = await database.query(query);
  const tables = [...new Set(found.columns.map(({ table }) => table))];
  const of = (rows, table) => rows.filter((row) => row.table === table).map(({ text }) => text);
  return [
    SCHEMA_INTRODUCTION,
    ...tables.map((table) => {
      const lines = [...of(found.columns, table), ...of(found.constraints, table)];
      return `create table ${table} (\n${lines.map((line) => `  ${line}`).join(',\n')}\n);\n`;
    }),
    ...[found.foreignKeys, found.indexes, found.functions, found.triggers].map((rows) =>
      rows.map(({ text }) => `${text.trimEnd()};\n`).join(rows === found.functions ? '\n' : ''),
    ),
  ].join('\n');
}

const OURS = `relnamespace = 'public'::regnamespace and relname <> 'ground_truth_migrations'`;

const CATALOG = {
  columns: `
    select relname as table,
      concat_ws(' ', quote_ident(attname), format_type(atttypid, atttypmod),
        case when attnotnull then 'not null' end,
        case attidentity when 'a' then 'generated always as identity' when 'd' then 'generated by default as identity' end,
        'default ' || pg_get_expr(adbin, adrelid)) as text
    from pg_class
    join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
    left join pg_attrdef on adrelid = attrelid and adnum = attnum
    where relkind = 'r' and ${OURS}
    order by relname collate "C" desc, attnum`,
  // From 18 on, NOT NULL is a constraint too; it stands with its column.
  constraints: `
    select relname as table, 'constraint ' || quote_ident(conname) || ' ' || pg_get_constraintdef(pg_constraint.oid) as text
    from pg_constraint join pg_class on conrelid = pg_class.oid
    where contype in ('p', 'u', 'c', 'x') and ${OURS}
    order by contype = 'p' desc, conname collate "C"`,
  foreignKeys: `
    select 'alter table ' || relname || ' add constraint ' || quote_ident(conname) || ' '
      || pg_get_constraintdef(pg_constraint.oid) as text
    from pg_constraint join pg_class on conrelid = pg_class.oid
    where contype = 'f' and ${OURS}
    order by conname collate "C"`,
  indexes: `
    select pg_get_indexdef(indexrelid) as text
    from pg_index join pg_class on indrelid = pg_class.oid
    where ${OURS} and not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u', 'x'))
    order by indexrelid::regclass::text collate "C"`,
  functions: `
    select pg_get_functiondef(oid) as text from pg_proc
    where pronamespace = 'public'::regnamespace order by proname collate "C"`,
  triggers: `
    select pg_get_triggerdef(pg_trigger.oid) as text
    from pg_trigger join pg_class on tgrelid = pg_class.oid
    where not tgisinternal and ${OURS}
    order by relname collate "C" desc, tgname collate "C"`,
};

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
