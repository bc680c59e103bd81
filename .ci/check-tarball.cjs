#!/usr/bin/env node
/**
 * Checks that the tarball of `npm pack` installs elsewhere and works there: in an empty folder and globally, without a warning.
 * Packs the last commit.
 *
 *   .ci/check-tarball.cjs [--quick] NODE…     the versions of Node to try it on, such as 20.19 24; --quick leaves out the global
 *                                             install
 */
const assert = require('node:assert/strict');
const { execFileSync, spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { setTimeout: delay } = require('node:timers/promises');

const ROOT = path.resolve(__dirname, '..');

/** npm takes some 30 s on two idle cores, and has never ended where it had to resolve the dependencies itself. */
const INSTALL_TIMEOUT_MS = 180_000;

/** In a folder of its own, since packing builds and writes package.json. */
function pack(folder) {
  const checkout = path.join(folder, 'checkout');
  fs.mkdirSync(checkout);
  execFileSync('sh', ['-c', 'git archive HEAD | tar -x -C "$0"', checkout], { cwd: ROOT });
  fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(checkout, 'node_modules'));
  const packageFile = () => fs.readFileSync(path.join(checkout, 'package.json'), 'utf8');
  const before = packageFile();
  const name = execFileSync('npm', ['pack', '--silent'], { cwd: checkout, encoding: 'utf8' }).trim();
  assert.equal(packageFile(), before);
  const file = path.join(checkout, name);
  const files = execFileSync('tar', ['-tzf', file], { encoding: 'utf8' }).split('\n').slice(0, -1);
  const own = files.filter((each) => !each.startsWith('package/dist/node_modules/'));
  assert.deepEqual(
    own.filter(
      (each) => !/^package\/(dist\/(src|web)|docs|samples|[^/]+$)/.test(each) || /\.(ts|map)$/.test(each),
    ),
    [],
  );
  console.log(`${name}: ${files.length} files, ${Math.round(fs.statSync(file).size / 1e6)} MB`);
  return file;
}

/** Installs it in both ways and tries it, on the Node that runs this. */
async function tryOut(file, folder, isQuick) {
  const prefix = path.join(folder, 'prefix');
  await inFolder('empty folder', ['install', file], 'node_modules/.bin/ground-truth', {});
  // As another user than the one who installed it.
  const user = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {};
  const program = path.join(prefix, 'bin/ground-truth');
  if (isQuick !== 'quick')
    await inFolder('global', ['install', '--global', '--prefix', prefix, file], program, user);

  async function inFolder(name, install, program, user) {
    const cwd = path.join(folder, name);
    fs.mkdirSync(cwd);
    const started = Date.now();
    const said = run('npm', install, { cwd, timeout: INSTALL_TIMEOUT_MS });
    assert.doesNotMatch(said.stdout + said.stderr, /warn/i);
    const installed = Date.now();
    if (user.uid !== undefined) fs.chownSync(cwd, user.uid, user.gid);
    run(program, ['demo'], { cwd, ...user });
    await serve(program, { cwd, ...user });
    const [ofNpm, all] = [installed, Date.now()].map((ms) => Math.round((ms - started) / 1000));
    console.log(
      `Node ${process.versions.node}, ${name}: ${ofNpm} s to install, ${all} s with demo and serve`,
    );
  }
}

function run(program, words, options) {
  const result = spawnSync(program, words, { ...options, encoding: 'utf8' });
  assert.equal(result.status, 0, `${program} ${words.join(' ')}: ${result.error ?? result.stderr}`);
  return result;
}

/** The demonstration's corpus is what the server and the command export. */
async function serve(program, options) {
  const env = { ...process.env, GROUND_TRUTH_DATA_DIR: path.join(options.cwd, '.ground-truth-demo') };
  const corpus = fs.readFileSync(path.join(options.cwd, 'corpus.jsonl'), 'utf8');
  const child = spawn(program, ['serve', '--port', '0'], {
    ...options,
    env,
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  try {
    const url = await addressOf(child);
    const answer = await fetch(`${url}/api/v1/ground-truth/export`);
    assert.equal(await answer.text(), corpus);
    for (const page of ['/docs', '/']) assert.equal((await fetch(url + page)).status, 200);
    assert.equal(run(program, ['export'], { ...options, env }).stdout, corpus);
    child.kill('SIGTERM');
    const end = await Promise.race([once(child, 'exit'), delay(20_000, 'late', { ref: false })]);
    assert.deepEqual(end, [0, null]);
  } finally {
    child.kill('SIGKILL');
  }
}

/** The server's log says where it listens. */
async function addressOf(child) {
  let log = '';
  return new Promise((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text) => {
      log += text;
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(log) ?? [];
      if (url) resolve(url);
    });
    child.once('exit', () => reject(new Error(`the server ended: ${log}`)));
  });
}

async function main([first, ...others]) {
  if (first === '--try') return tryOut(...others);
  if (first === '--quick') return check(others, 'quick');
  return check([first, ...others], 'whole');
}

async function check(versions, how) {
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'ground-truth-tarball-'));
  // If this runs as root, the embedded PostgreSQL runs as the user nobody, who must be able to enter.
  fs.chmodSync(folder, 0o755);
  try {
    const file = pack(folder);
    for (const version of versions) {
      const own = path.join(folder, version);
      fs.mkdirSync(own);
      execFileSync(path.join(ROOT, '.ci/with-node'), [version, 'node', __filename, '--try', file, own, how], {
        stdio: 'inherit',
        env: { ...process.env, npm_config_update_notifier: 'false' },
      });
      fs.rmSync(own, { recursive: true });
    }
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

void main(process.argv.slice(2));
