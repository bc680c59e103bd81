// Swagger UI in Chromium, which not every machine has: see test/browser/swagger.spec.ts.
module.exports = {
  ...require('./jest.config.cjs'),
  testMatch: ['<rootDir>/test/browser/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/dist/'],
};
