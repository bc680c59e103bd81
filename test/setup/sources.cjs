// Lets `require` load the sources, as Jest's transform has them: what sets a run up is outside of Jest's own registry.
const Module = require('node:module');
const path = require('node:path');
const { transformFileSync } = require('@swc/core');

const SOURCES = path.resolve(__dirname, '../../src');
const [[, options]] = Object.values(require('../../jest.config.cjs').projects[0].transform);

const resolve = Module._resolveFilename;
// Imports name the file that the build makes.
Module._resolveFilename = (request, parent, ...rest) => {
  const isOurs = parent?.filename?.startsWith(SOURCES + path.sep) && request.startsWith('.');
  return resolve(isOurs ? request.replace(/\.js$/, '.ts') : request, parent, ...rest);
};

Module._extensions['.ts'] = (module, file) => {
  module._compile(transformFileSync(file, options).code, file);
};

/** @param name of a module, from src/ on, without its extension */
module.exports = (name) => require(path.join(SOURCES, `${name}.ts`));
