/**
 * Tries external relations that are distributed by Citus: whether exports through the coordinator, and those of all workers
 * interleaved, have the bytes of an export of the same rows in one place. Prints what it has found, as Markdown. Exit code 3 where bytes
 * differ.
 *
 *   CITUS_URL=postgres://postgres@coordinator/pipeline node scripts/citus-trial.cjs [--jobs 20000] [--keep]
 *
 * Needs the build, a database with the extension citus whose workers the same user can reach by the names that the coordinator has for
 * them, and no schema `ground_truth_trial`, which it makes and, without --keep, drops at the end.
 */
const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { mkdtempSync, readFileSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { Client } = require('pg');

const CLI = path.resolve(__dirname, '../dist/src/cli.js');
const SCHEMA = 'ground_truth_trial';
const LOCAL = { jobs: 'local_jobs', corrections: 'local_corrections' };
const DISTRIBUTED = { jobs: 'jobs', corrections: 'corrections' };
const url = process.env.CITUS_URL;
const { values } = parseArgs({ options: { jobs: { type: 'string' }, keep: { type: 'boolean' } } });
const jobs = Number(values.jobs ?? '20000');
const folder = mkdtempSync(path.join(tmpdir(), 'ground-truth-citus-'));

async function main() {
  if (!url) throw new Error('set CITUS_URL to the coordinator');
  await withClient(url, async (coordinator) => {
    try {
      await fill(coordinator);
      await report(coordinator);
    } finally {
      if (!values.keep) await coordinator.query(`drop schema if exists ${SCHEMA} cascade`);
    }
  });
}

/** The same rows in one place (`local_…`) and distributed by the id of the job. */
async function fill(coordinator) {
  await coordinator.query(`
    create schema ${SCHEMA};
    set search_path = ${SCHEMA}, public;
    create table local_jobs (
      id uuid primary key, filename text not null, source_kind text not null, result json, approved boolean not null,
      reviewed_by text, reviewed_at timestamptz, review_flags text[] not null, confidence double precision,
      created_at timestamptz not null
    );
    create table local_corrections (
      id bigint, job_id uuid, field_path text not null, old_value json, new_value json, corrected_by text not null,
      reason text, corrected_at timestamptz not null, primary key (job_id, id)
    );
    create table jobs (like local_jobs including all);
    create table corrections (like local_corrections including all);
    create index on jobs (created_at, id);
    select create_distributed_table('jobs', 'id');
    select create_distributed_table('corrections', 'job_id', colocate_with => 'jobs');
  `);
  await coordinator.query(
    `insert into local_jobs
     select md5(n::text)::uuid, 'sprint-' || n || '.pdf', 'pdf',
       format('{"nomor": %s, "nilai": 1.0, "rows": [%s, 198703212010011234], "teks": "%s"}', n, n % 7, repeat('x', n % 900))::json,
       n % 2 = 0, case when n % 2 = 0 then 'rini.k' end, case when n % 2 = 0 then '2025-06-02Z'::timestamptz end,
       array['f' || n % 3], (n % 101) / 100.0, '2025-01-01Z'::timestamptz + (n / 3) * interval '1.000001 second'
     from generate_series(1, $1::integer) as n`,
    [jobs],
  );
  await coordinator.query(`
    insert into local_corrections
    select row_number() over (order by filename, step), id, case step when 1 then 'rows[0]' else 'nilai' end,
      case step when 1 then '8' else '1e0' end::json, case step when 1 then (result -> 'rows' -> 0)::text else '1.0' end::json,
      'rini.k', null, created_at + step * interval '1 hour'
    from local_jobs, generate_series(1, 2) as step where approved;
    insert into jobs select * from local_jobs;
    insert into corrections select * from local_corrections;
    analyze;
  `);
}

async function report(coordinator) {
  const [{ postgres, citus }] = await rowsOf(
    coordinator,
    `select current_setting('server_version') as postgres, extversion as citus from pg_extension where extname = 'citus'`,
  );
  const local = exported('local', url, LOCAL);
  const distributed = exported('coordinator', url, DISTRIBUTED);
  const workers = await workersOf(coordinator);
  const parts = [];
  for (const worker of workers) parts.push(await exportedBy(worker));
  const started = performance.now();
  const together = path.join(folder, 'together.jsonl');
  run(url, DISTRIBUTED, 'interleave', ...parts.map(({ file }) => file), '--out', together);
  const seconds = (performance.now() - started) / 1_000;
  const [ofLocal, ofDistributed] = [LOCAL, DISTRIBUTED].map((relations) =>
    run(url, relations, 'stats', '--collapse-indices', '--json'),
  );
  const rows = [
    ['one place', local],
    ['through the coordinator', distributed],
    ...parts.map((part, n) => [`worker ${n + 1} of ${workers.length}`, part]),
    ['workers, interleaved', { ...measured(together), seconds }],
  ];
  console.log(`PostgreSQL ${postgres}, Citus ${citus}, ${workers.length} workers, ${jobs} jobs\n`);
  console.log('| Export | Samples | Bytes | SHA-256 | Seconds |\n|---|---:|---:|---|---:|');
  for (const [name, { samples, bytes, sha256, seconds }] of rows)
    console.log(`| ${name} | ${samples} | ${bytes} | \`${sha256.slice(0, 12)}\` | ${seconds.toFixed(1)} |`);
  const isSame = new Set([local.sha256, distributed.sha256, measured(together).sha256]).size === 1;
  const isCounted = ofLocal.equals(ofDistributed);
  console.log(
    `\n${isSame ? 'The bytes are the same.' : 'BYTES DIFFER.'} Statistics are ${isCounted ? 'the same' : 'DIFFERENT'}.`,
  );
  if (!isSame || !isCounted) process.exitCode = 3;
}

/** The shards of both tables that each worker has. */
async function workersOf(coordinator) {
  return rowsOf(
    coordinator,
    `select nodename as host, nodeport as port,
       array_agg(shard_name(logicalrelid, shardid) order by shardid) filter (where logicalrelid = '${SCHEMA}.jobs'::regclass) as jobs,
       array_agg(shard_name(logicalrelid, shardid) order by shardid) filter (where logicalrelid = '${SCHEMA}.corrections'::regclass) as corrections
     from pg_dist_shard join pg_dist_placement using (shardid) join pg_dist_node using (groupid)
     where logicalrelid in ('${SCHEMA}.jobs'::regclass, '${SCHEMA}.corrections'::regclass) and noderole = 'primary'
     group by nodename, nodeport order by nodename, nodeport`,
  );
}

/** Exports the shards of one worker, through views of all of them. */
async function exportedBy({ host, port, jobs: jobShards, corrections }) {
  const at = new URL(url);
  at.hostname = host;
  at.port = port;
  const view = (name, shards) =>
    `create view ${SCHEMA}.${name} as ${shards.map((shard) => `select * from ${shard}`).join(' union all ')};`;
  const views = { jobs: `jobs_of_${port}`, corrections: `corrections_of_${port}` };
  await withClient(at.href, (worker) =>
    worker.query(
      `set citus.enable_ddl_propagation = off; ${view(views.jobs, jobShards)} ${view(views.corrections, corrections)}`,
    ),
  );
  try {
    return exported(`worker-${port}`, at.href, views);
  } finally {
    await withClient(at.href, (worker) =>
      worker.query(
        `set citus.enable_ddl_propagation = off; drop view ${SCHEMA}.${views.jobs}, ${SCHEMA}.${views.corrections}`,
      ),
    );
  }
}

function exported(name, at, relations) {
  const file = path.join(folder, `${name}.jsonl`);
  const started = performance.now();
  run(at, relations, 'export', '--approved-only', 'false', '--out', file);
  return { file, ...measured(file), seconds: (performance.now() - started) / 1_000 };
}

/** @returns standard output */
function run(at, relations, ...args) {
  return execFileSync(process.execPath, [CLI, ...args], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: at,
      GROUND_TRUTH_JOBS_RELATION: `${SCHEMA}.${relations.jobs}`,
      GROUND_TRUTH_CORRECTIONS_RELATION: `${SCHEMA}.${relations.corrections}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1e9,
  });
}

function measured(file) {
  const bytes = readFileSync(file);
  let samples = 0;
  for (const byte of bytes) if (byte === 0x0a) samples++;
  return { samples, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

async function rowsOf(client, sql) {
  return (await client.query(sql)).rows;
}

async function withClient(connectionString, work) {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

main()
  .catch((error) => {
    console.error(error.stderr?.toString() ?? error.message);
    process.exitCode = 1;
  })
  .finally(() => rmSync(folder, { recursive: true }));
