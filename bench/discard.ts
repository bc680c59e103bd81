import { connect } from 'node:net';
import { type Server } from './processes.js';

/** As much as the kernel has is taken at once. */
const READ_AT_ONCE = 256 * 1024;

/**
 * Asks for a corpus over a socket of its own and throws it away as it comes. The reader shares the cores with the server:
 * an HTTP client would spend on it what the measurement is not about.
 *
 * @returns how many bytes the body had
 * @throws Error where it is refused or does not come to its end
 */
export async function discardCorpus(
  { url }: Server,
  query: Readonly<Record<string, string>>,
): Promise<number> {
  const { hostname, port } = new URL(url);
  const body = new ChunkedBody();
  await new Promise<void>((resolve, reject) => {
    const socket = connect({
      host: hostname,
      port: Number(port),
      onread: {
        buffer: Buffer.alloc(READ_AT_ONCE),
        callback(bytes, buffer) {
          body.read(buffer as Buffer, bytes);
          return true;
        },
      },
    });
    socket.once('error', reject);
    socket.once('close', () => {
      resolve();
    });
    const path = `/api/v1/ground-truth/export?${String(new URLSearchParams(query))}`;
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`);
  });
  if (!body.isComplete) throw new Error('the server refused or broke off');
  return body.length;
}

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;

/** Counts what a response in chunks (RFC 9112, section 7.1) carries; of its bytes only the lines between chunks are read. */
class ChunkedBody {
  length = 0;
  isComplete = false;
  private line = '';
  private inHead = true;
  /** Of the chunk under way, with the line break at its end. */
  private left = 0;

  read(bytes: Buffer, end: number): void {
    for (let at = 0; at < end;) {
      if (this.left > 0) {
        const taken = Math.min(this.left, end - at);
        this.left -= taken;
        at += taken;
        continue;
      }
      const byte = bytes[at++]!;
      if (byte === LINE_FEED) this.endLine();
      else if (byte !== CARRIAGE_RETURN) this.line += String.fromCharCode(byte);
    }
  }

  private endLine(): void {
    const { line } = this;
    this.line = '';
    if (this.inHead) {
      this.inHead = line !== '';
      return;
    }
    const size = Number.parseInt(line, 16);
    if (size === 0) this.isComplete = true;
    if (size > 0) {
      this.length += size;
      this.left = size + 2;
    }
  }
}
