const Sequencer = require('@jest/test-sequencer').default;

/** By what a file of each project takes, the longest first: two workers then end at about the same time. */
const PROJECTS = ['faults', 'e2e', 'docs', 'database', 'unit'];

/** Also on a fresh checkout, where Jest knows no durations: it goes by the sizes of files, which tell little. */
module.exports = class SlowFirst extends Sequencer {
  sort(tests) {
    const place = ({ context }) => PROJECTS.indexOf(context.config.displayName.name);
    return [...super.sort(tests)].sort((one, other) => place(one) - place(other));
  }
};
