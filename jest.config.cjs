// Jest runs in CommonJS mode: swc turns the ES modules of this project, of Nest and of its neighbours into CommonJS.
const transform = {
  '^.+\\.(ts|js|mjs)$': [
    '@swc/jest',
    {
      jsc: {
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
        target: 'es2022',
      },
      module: { type: 'commonjs' },
      sourceMaps: 'inline',
    },
  ],
};

/** A project without a database, whose tests have Jest's limit of 5 seconds each. */
const project = (displayName, ...testMatch) => ({
  displayName,
  rootDir: __dirname,
  testEnvironment: 'node',
  testMatch: testMatch.map((glob) => `<rootDir>/${glob}`),
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/build/', '<rootDir>/dist/'],
  modulePathIgnorePatterns: ['<rootDir>/build/', '<rootDir>/dist/'],
  moduleNameMapper: {
    '/programs\\.js$': '<rootDir>/test/setup/programs.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  setupFiles: ['reflect-metadata'],
  transform,
  transformIgnorePatterns: ['/node_modules/(?!(@nestjs|@golevelup|uuid|fast-png|iobuffer|preact)/)'],
});

/** A project with the PostgreSQL of the run. The limit is for what hangs; a project's `testTimeout` has no effect in Jest 30. */
const withDatabase = (displayName, ...testMatch) => ({
  ...project(displayName, ...testMatch),
  globalSetup: '<rootDir>/test/setup/global-setup.cjs',
  globalTeardown: '<rootDir>/test/setup/global-teardown.cjs',
  setupFilesAfterEnv: ['<rootDir>/test/setup/long-timeout.cjs'],
});

/** @type {import('jest').Config} */
module.exports = {
  // `npm test` runs the first four; package.json has a script for each of the others.
  projects: [
    project('unit', 'src/**/*.spec.ts', 'web/src/**/*.spec.ts', 'test/*.spec.ts'),
    withDatabase('database', 'test/database/**/*.spec.ts'),
    withDatabase('e2e', 'test/e2e/**/*.spec.ts'),
    withDatabase('docs', 'test/docs/**/*.spec.ts'),
    withDatabase('faults', 'test/faults/**/*.spec.ts'),
    // The real data beside a checkout: see test/real/real-data.ts. A machine without it skips these tests aloud.
    withDatabase('real', 'test/real/**/*.spec.ts'),
    // The loaders of trainers, in Python environments that they make: see test/trainers/python.ts. They take minutes.
    {
      ...project('trainers', 'test/trainers/**/*.spec.ts'),
      setupFilesAfterEnv: ['<rootDir>/test/trainers/timeout.cjs'],
    },
    // The workbench and Swagger UI in Chromium, which not every machine has: see test/setup/chromium.ts.
    withDatabase('browser', 'test/browser/**/*.spec.ts'),
  ],
  // Three on the two cores of a small machine: files wait for the disk, the database and timeouts for a part of their time.
  maxWorkers: 3,
  testSequencer: '<rootDir>/test/setup/slow-first.cjs',
};
