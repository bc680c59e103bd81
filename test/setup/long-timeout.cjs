// Only ends a test that hangs. Long, because machines can be slow.
jest.setTimeout(180_000);
