const { rm } = require('node:fs/promises');
const { asAdministrator } = require('./global-setup.cjs');

module.exports = async function globalTeardown() {
  await asAdministrator(`drop database if exists ${process.env.GROUND_TRUTH_TEST_TEMPLATE} with (force)`);
  if (!globalThis.testServer) return;
  await globalThis.testServer.release();
  await rm(globalThis.testServer.folder, { recursive: true, force: true });
};
