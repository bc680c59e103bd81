// Only ends a test that hangs. The first run installs gigabytes, and training takes long without a GPU.
jest.setTimeout(2 * 60 * 60 * 1000);
