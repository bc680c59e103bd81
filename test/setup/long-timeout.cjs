// For what hangs. Nothing is measured by it, and machines can be slow.
jest.setTimeout(180_000);
