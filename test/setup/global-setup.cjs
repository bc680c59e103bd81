const { mkdtemp } = require('node:fs/promises');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { Client } = require('pg');
require('reflect-metadata');
const requireSource = require('./sources.cjs');

/**
 * Starts one PostgreSQL for the whole run, or uses the server at TEST_DATABASE_URL, and creates a migrated template, which every
 * test file clones. Logs of servers and commands are kept for the teardown, which searches them for text that no log may contain.
 */
module.exports = async function globalSetup() {
  const server = process.env.TEST_DATABASE_URL ?? (await startEmbedded());
  const template = `ground_truth_template_${process.pid}`;
  process.env.GROUND_TRUTH_TEST_SERVER = server;
  process.env.GROUND_TRUTH_TEST_TEMPLATE = template;
  process.env.GROUND_TRUTH_TEST_LOGS = await mkdtemp(path.join(tmpdir(), 'ground-truth-logs-'));
  if (globalThis.testServer) await forgoDurability();
  await asAdministrator(`create database ${template} encoding 'UTF8' template template0`);
  await migrateTemplate(server, template);
};

module.exports.asAdministrator = asAdministrator;

async function startEmbedded() {
  const { EmbeddedPostgres } = requireSource('platform/database/embedded/embedded-postgres');
  const folder = await mkdtemp(path.join(tmpdir(), 'ground-truth-test-'));
  const server = await EmbeddedPostgres.acquire({ dataDir: folder, defaultDir: '.ground-truth' });
  globalThis.testServer = { release: () => server.release(), folder };
  // Jest runs no teardown when it is interrupted, and the server would keep running.
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => void server.release().finally(() => process.exit(1)));
  }
  const { host, port, user, database } = server.connection;
  return `postgresql://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`;
}

/** For speed. Tests that kill a server use their own. */
async function forgoDurability() {
  for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes'])
    await asAdministrator(`alter system set ${setting} = off`);
  await asAdministrator('select pg_reload_conf()');
}

async function migrateTemplate(server, template) {
  const { Env } = requireSource('platform/config/env');
  const { GroundTruthDataSource } = requireSource('platform/database/ground-truth-data-source');
  const { migrate } = requireSource('platform/database/migrate');
  const url = new URL(server);
  url.pathname = `/${template}`;
  const dataSource = new GroundTruthDataSource(Env.read({ DATABASE_URL: url.href }));
  await dataSource.initialize();
  await migrate(dataSource);
  await dataSource.destroy();
}

async function asAdministrator(sql) {
  const client = new Client({ connectionString: process.env.GROUND_TRUTH_TEST_SERVER });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
