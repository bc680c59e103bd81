// Lets `require` load the TypeScript sources with Jest's transform, because Jest does not transform what global setup requires.
const Module = require('node:module');
const path = require('node:path');
const { transformFileSync } = require('@swc/core');

const SOURCES = path.resolve(__dirname, '../../src');
const [[, options]] = Object.values(require('../../jest.config.cjs').projects[0].transform);

const resolve = Module._resolveFilename;
// Imports have the extension of the built file.
Module._resolveFilename = (request, parent, ...rest) => {
  const isOurs = parent?.filename?.startsWith(SOURCES + path.sep) && request.startsWith('.');
  return resolve(isOurs ? request.replace(/\.js$/, '.ts') : request, parent, ...rest);
};

Module._extensions['.ts'] = (module, file) => {
  module._compile(transformFileSync(file, options).code, file);
};

/** @param name the path of a module in src/, without extension */
module.exports = (name) => require(path.join(SOURCES, `${name}.ts`));
