const Sequencer = require('@jest/test-sequencer').default;

/** Projects by the time that a file takes, longest first, so that both workers end at about the same time. */
const PROJECTS = ['faults', 'e2e', 'docs', 'database', 'unit'];

/** On a fresh checkout, Jest knows no durations and would sort by file size, which says little about the time. */
module.exports = class SlowFirst extends Sequencer {
  sort(tests) {
    const place = ({ context }) => PROJECTS.indexOf(context.config.displayName.name);
    return [...super.sort(tests)].sort((one, other) => place(one) - place(other));
  }
};
