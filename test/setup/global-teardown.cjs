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

/** Fails the whole run, because no single test checks the logs. */
async function refuseLeaks(folder) {
  const leaks = await findLeaksIn(folder);
  await rm(folder, { recursive: true, force: true });
  if (leaks.length === 0) return;
  const shown = leaks.slice(0, 20).map((leak) => leak.slice(0, 400));
  throw new Error(
    `${leaks.length} lines in the logs of the tests' servers and commands contain document content or keys:\n${shown.join('\n')}`,
  );
}
