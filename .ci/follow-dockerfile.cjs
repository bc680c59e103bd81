/**
 * Carries out a Dockerfile without Docker, each stage in a folder that stands for its root. The machine's own Node and npm
 * stand for the base image. An instruction, or a form of one, that is not known here is an error: nothing is passed over.
 */
const { spawnSync } = require('node:child_process');
const { copyFileSync, cpSync, existsSync, mkdirSync, statSync } = require('node:fs');
const { homedir } = require('node:os');
const path = require('node:path');
const { contextFiles } = require('./docker-context.cjs');

/**
 * @param text the Dockerfile
 * @param checkout the folder to build from
 * @param folder an empty one, for the stages
 * @returns the last stage: what the image is
 */
function followDockerfile(text, checkout, folder) {
  const build = { checkout, folder, files: contextFiles(checkout), stages: [] };
  for (const { line, name, rest } of instructionsOf(text)) {
    const carryOut = INSTRUCTIONS[name];
    if (carryOut === undefined) throw new Error(`Dockerfile, line ${line}: ${name} is not followed here`);
    if (name !== 'FROM' && build.stages.length === 0)
      throw new Error(`Dockerfile, line ${line}: FROM comes first`);
    const started = Date.now();
    try {
      carryOut(rest, build.stages.at(-1), build);
    } catch (error) {
      throw new Error(`Dockerfile, line ${line}: ${name} ${rest}: ${error.message}`, { cause: error });
    }
    const seconds = (Date.now() - started) / 1000;
    console.log(`${name} ${rest}${seconds < 0.5 ? '' : ` (${seconds.toFixed(1)} s)`}`);
  }
  return build.stages.at(-1);
}

function instructionsOf(text) {
  if (/^#\s*(syntax|escape|check)\s*=/im.test(text))
    throw new Error('Dockerfile: parser directives are not followed here');
  const instructions = [];
  let open;
  for (const [index, raw] of text.split('\n').entries()) {
    if (/^\s*#/.test(raw) || raw.trim() === '') continue;
    open ??= { line: index + 1, text: '' };
    open.text += ` ${raw.replace(/\\\s*$/, '').trim()}`;
    if (/\\\s*$/.test(raw)) continue;
    const [, name, rest] = /^\s*(\S+)\s*(.*)$/.exec(open.text);
    instructions.push({ line: open.line, name: name.toUpperCase(), rest });
    open = undefined;
  }
  if (open !== undefined) throw new Error(`Dockerfile, line ${open.line}: has no end`);
  return instructions;
}

const INSTRUCTIONS = {
  FROM(rest, _, { folder, stages }) {
    const [, major, name] = matched(/^node:(\d+)-slim(?: AS ([a-z]+))?$/, rest);
    const here = process.versions.node.split('.')[0];
    if (here !== major) console.log(`(the image has Node ${major}, this is Node ${here})`);
    const root = path.join(folder, String(stages.length));
    mkdirSync(path.join(root, 'root'), { recursive: true });
    const env = { PATH: [path.dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':') };
    stages.push({ name, root, env, workdir: '/', user: undefined, entrypoint: [], cmd: [] });
  },

  WORKDIR(rest, stage) {
    stage.workdir = path.posix.resolve(stage.workdir, expanded(rest, stage));
    mkdirSync(inside(stage, '.'), { recursive: true });
  },

  ENV(rest, stage) {
    const added = {};
    const left = rest.replace(/([A-Z][A-Z0-9_]*)=([^\s"'\\]+)(?:\s+|$)/g, (_, name, value) => {
      added[name] = expanded(value, stage);
      return '';
    });
    if (left !== '') throw new Error(`${left} is not followed here`);
    Object.assign(stage.env, added);
  },

  COPY(rest, stage, build) {
    const words = expanded(rest, stage).split(/\s+/);
    const from = words[0].startsWith('--from=') ? words.shift().slice('--from='.length) : undefined;
    if (words.length < 2 || words.some((word) => /^--|[*?["']/.test(word)))
      throw new Error('is not followed here');
    const to = words.pop();
    const target = inside(stage, to);
    const isFolder = to.endsWith('/') || existsSync(target) || words.length > 1;
    for (const source of words) {
      if (from === undefined) copyFromContext(build, source, target, isFolder);
      else copyFromStage(build, from, source, target, isFolder);
    }
  },

  RUN(rest, stage) {
    if (/^(--|\[|<<)/.test(rest)) throw new Error('is not followed here');
    // It would be this machine's.
    if (/(^|[\s=:"'])\/\w/.test(rest)) throw new Error('names an absolute path');
    runInside(stage, ['/bin/sh', '-c', rest], { ...ofNpm(), HOME: path.join(stage.root, 'root') });
  },

  USER(rest, stage) {
    const [, uid, gid] = matched(/^([1-9]\d*):([1-9]\d*)$/, rest);
    stage.user = { uid: Number(uid), gid: Number(gid) };
  },

  EXPOSE(rest, stage) {
    stage.exposed = Number(matched(/^(\d+)$/, rest)[1]);
  },

  HEALTHCHECK(rest, stage) {
    const [, flags, command] = matched(/^((?:--[a-z-]+=\S+\s+)*)CMD\s+(.*)$/, rest);
    const health = { command: wordsOf(command) };
    for (const flag of flags.split(/\s+/).filter(Boolean)) {
      const [, name, number] = matched(/^--(interval|timeout|start-period|retries)=(\d+)s?$/, flag);
      health[name] = Number(number);
    }
    stage.health = health;
  },

  ENTRYPOINT(rest, stage) {
    stage.entrypoint = wordsOf(rest);
    stage.cmd = [];
  },

  CMD(rest, stage) {
    stage.cmd = wordsOf(rest);
  },
};

function matched(pattern, text) {
  const match = pattern.exec(text);
  if (match === null) throw new Error(`is not followed here: ${pattern}`);
  return match;
}

/** The other form, text for a shell, would keep the signals from the process. */
function wordsOf(json) {
  const words = JSON.parse(json);
  if (!Array.isArray(words) || !words.every((word) => typeof word === 'string'))
    throw new Error('has to be a list of strings');
  return words;
}

function expanded(text, stage) {
  return text.replace(/\$(\w+|\{\w+\})/g, (_, name) => {
    const value = stage.env[name.replace(/[{}]/g, '')];
    if (value === undefined) throw new Error(`${name} is not set`);
    return value;
  });
}

/** Where a path of the image is on this machine. */
function inside(stage, name) {
  return path.join(stage.root, path.posix.resolve(stage.workdir, name));
}

function copyFromContext({ checkout, files }, source, target, isFolder) {
  const name = path.posix.normalize(source).replace(/\/$/, '');
  const copies = files.includes(name)
    ? [[name, isFolder ? path.join(target, path.basename(name)) : target]]
    : files
        .filter((file) => name === '.' || file.startsWith(`${name}/`))
        .map((file) => [file, path.join(target, path.relative(name, file))]);
  if (copies.length === 0) throw new Error(`there is no ${source}, or .dockerignore keeps it out`);
  for (const [file, copy] of copies) {
    mkdirSync(path.dirname(copy), { recursive: true });
    copyFileSync(path.join(checkout, file), copy);
  }
}

function copyFromStage({ stages }, from, source, target, isFolder) {
  const stage = stages.slice(0, -1).find(({ name }) => name === from);
  if (stage === undefined) throw new Error(`there is no stage ${from}`);
  const original = inside(stage, source);
  // Of a folder, what is in it.
  const copy =
    isFolder && !statSync(original).isDirectory() ? path.join(target, path.basename(source)) : target;
  cpSync(original, copy, { recursive: true, verbatimSymlinks: true });
}

/** What npm needs to reach its registry the way that this machine does; nothing else of its environment gets in. */
function ofNpm() {
  const names =
    /^(https?_proxy|no_proxy|node_extra_ca_certs|ssl_cert_file|npm_config_(registry|cache|cafile|(user|global)config))$/i;
  const home = homedir();
  return {
    npm_config_cache: path.join(home, '.npm'),
    npm_config_userconfig: path.join(home, '.npmrc'),
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => names.test(name))),
  };
}

/** Paths of the image come before those of the machine. */
function environmentOf(stage) {
  const folders = stage.env.PATH.split(':').map((folder) => {
    const own = path.join(stage.root, folder);
    return existsSync(own) ? own : folder;
  });
  return { ...stage.env, PATH: folders.join(':') };
}

function runInside(stage, [file, ...words], environment) {
  const { status, signal, error } = spawnSync(file, words, {
    ...spawnOptions(stage, environment),
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`ended with ${signal ?? status}`);
}

/** How a process of the stage is started: as its user where that can be had, with its environment and nothing more. */
function spawnOptions(stage, environment) {
  const user = process.getuid() === 0 ? stage.user : undefined;
  return { ...user, cwd: inside(stage, '.'), env: { ...environmentOf(stage), ...environment } };
}

module.exports = { followDockerfile, spawnOptions };
