/**
 * What `docker build` would send of a checkout: its files less what .dockerignore leaves out. Only files that Git knows count,
 * so that what lies about on this machine decides nothing.
 */
const { execFileSync } = require('node:child_process');
const { existsSync, readFileSync } = require('node:fs');
const path = require('node:path');

/** Git does not know these, so only the rules themselves can show that they would stay out. */
const NEVER = [
  '.env',
  '.git/config',
  '.ground-truth/pgdata/PG_VERSION',
  'corpus.jsonl',
  'dist/src/main.js',
  'node_modules/pg/package.json',
];

/** @returns paths below the checkout, with slashes */
function contextFiles(checkout) {
  const ignored = ignoreRules(readFileSync(path.join(checkout, '.dockerignore'), 'utf8'));
  const leaks = NEVER.filter((name) => !ignored(name));
  if (leaks.length > 0) throw new Error(`.dockerignore lets in ${leaks.join(', ')}`);
  const known = execFileSync('git', ['ls-files', '-z'], { cwd: checkout, encoding: 'utf8' }).split('\0');
  return known.filter((name) => name !== '' && !ignored(name) && existsSync(path.join(checkout, name)));
}

/** The last rule that fits a file, or a folder that it is in, decides. */
function ignoreRules(text) {
  const rules = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ keeps: line.startsWith('!'), pattern: toPattern(line.replace(/^!/, '')) }));
  return (name) => rules.findLast(({ pattern }) => pattern.test(name))?.keeps === false;
}

function toPattern(rule) {
  if (/[[\]\\?]/.test(rule)) throw new Error(`.dockerignore: ${rule} is not followed here`);
  const source = rule
    .replace(/^\/|\/$/g, '')
    .replace(/[.+^${}()|]/g, '\\$&')
    .replace(/\*\*\/|\*\*|\*/g, (stars) => ({ '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*' })[stars]);
  return new RegExp(`^${source}(?:/.*)?$`);
}

module.exports = { contextFiles };
