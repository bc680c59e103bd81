const MAX_EXAMPLES = 5;

/** Counts what the server says of itself that is no good. */
export class ServerLog {
  /** Lines at the level of an error. */
  errors = 0;
  /** What is no line of the log at all, such as a warning of Node's. */
  strays = 0;
  readonly examples: string[] = [];

  readonly take = (line: string): void => {
    const level = levelOf(line);
    if (level === undefined) this.strays++;
    else if (level === 'error' || level === 'fatal') this.errors++;
    else return;
    if (this.examples.length < MAX_EXAMPLES) this.examples.push(line.slice(0, 400));
  };
}

function levelOf(line: string): unknown {
  try {
    return (JSON.parse(line) as { level?: unknown }).level;
  } catch {
    return undefined;
  }
}
