import { userInfo } from 'node:os';

/** The user who runs the command. In a container, a user may have no name, only a number. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
