const { rm } = require('node:fs/promises');
const { asAdministrator } = require('./global-setup.cjs');
const { findLeaksIn } = require('./log-watch.ts');

module.exports = async function globalTeardown() {
  await asAdministrator(`drop database if exists ${process.env.GROUND_TRUTH_TEST_TEMPLATE} with (force)`);
  if (globalThis.testServer) {
    await globalThis.testServer.release();
    await rm(globalThis.testServer.folder, { recursive: true, force: true });
  }
  await refuseLeaks(process.env.GROUND_TRUTH_TEST_LOGS);
};

/** What a test file's processes log is nobody's test by itself, so the whole run fails. */
async function refuseLeaks(folder) {
  const leaks = await findLeaksIn(folder);
  await rm(folder, { recursive: true, force: true });
  if (leaks.length === 0) return;
  const shown = leaks.slice(0, 20).map((leak) => leak.slice(0, 400));
  throw new Error(
    `${leaks.length} lines of the tests' servers and commands hold what no log may hold:\n${shown.join('\n')}`,
  );
}
