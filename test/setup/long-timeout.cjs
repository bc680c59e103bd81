// Only ends a test that hangs. Long, because machines can be slow.
jest.setTimeout(300_000);
