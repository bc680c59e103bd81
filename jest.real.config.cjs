// The real data beside a checkout: see test/real/real-data.ts. A machine without it skips these tests aloud.
module.exports = {
  ...require('./jest.config.cjs'),
  testMatch: ['<rootDir>/test/real/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/dist/'],
};
