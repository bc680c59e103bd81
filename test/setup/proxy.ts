import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/** The end of an answer of PostgreSQL: ReadyForQuery, in any state of the transaction. */
const READY = Buffer.from('Z\0\0\0\x05', 'latin1');

/** What PostgreSQL sends when it is shut down or the backend is terminated: an ErrorResponse. */
const TERMINATED = errorResponse({
  S: 'FATAL',
  V: 'FATAL',
  C: '57P01',
  M: 'terminating connection due to administrator command',
});

function errorResponse(fields: Readonly<Record<string, string>>): Buffer {
  const body = Object.entries(fields).map(([type, text]) => `${type}${text}\0`);
  const message = Buffer.from(`E\0\0\0\0${body.join('')}\0`, 'latin1');
  message.writeUInt32BE(message.length - 1, 1);
  return message;
}

/** A proxy on loopback between a program and its database. It can drop all data of its connections, or end them. */
export class LossyProxy {
  private readonly pairs = new Set<Pair>();
  private answersBeforeEnd = Infinity;

  private constructor(
    private readonly server: Server,
    /** The URL of the database through this proxy. */
    readonly url: string,
  ) {}

  /** @param url of the database */
  static async create(url: string): Promise<LossyProxy> {
    const { hostname, port, searchParams } = new URL(url);
    const number = Number(port || 5432);
    const socket = searchParams.get('host');
    // On a lost connection, the other side must not see the end of this side either.
    const server = createServer({ allowHalfOpen: true }, (near) => {
      const far =
        socket === null ? connect(number, hostname) : connect(`${socket}/.s.PGSQL.${String(number)}`);
      proxy.pairs.add(new Pair(near, far, (chunk) => proxy.isLastAnswer(chunk)));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const own = new URL(url);
    own.searchParams.delete('host');
    own.hostname = '127.0.0.1';
    own.port = String((server.address() as AddressInfo).port);
    const proxy = new LossyProxy(server, own.href);
    return proxy;
  }

  /** The number of existing connections. */
  get count(): number {
    return [...this.pairs].filter(({ isOpen }) => isOpen).length;
  }

  /**
   * Silently drops all data of the existing connections, in both directions. New connections work.
   *
   * @returns their number, and a promise that resolves when the program has closed all of them
   */
  loseConnections(): { count: number; givenUp: Promise<unknown> } {
    const lost = [...this.pairs].filter(({ isOpen }) => isOpen);
    for (const pair of lost) pair.lose();
    return { count: lost.length, givenUp: Promise.all(lost.map(({ givenUp }) => givenUp)) };
  }

  /**
   * Terminates a connection right after the nth answer from now on, counted over all connections. PostgreSQL's message about it
   * is in the packet in which the answer ends.
   */
  terminateAfter(answers: number): void {
    this.answersBeforeEnd = answers;
  }

  /** Whether `terminateAfter` waits for its answer. */
  get isToTerminate(): boolean {
    return this.answersBeforeEnd !== Infinity;
  }

  private isLastAnswer(chunk: Buffer): boolean {
    if (chunk.subarray(-6, -1).equals(READY)) this.answersBeforeEnd--;
    if (this.answersBeforeEnd > 0) return false;
    this.answersBeforeEnd = Infinity;
    return true;
  }

  async close(): Promise<void> {
    for (const pair of this.pairs) pair.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

class Pair {
  /** Resolves when the program has closed its side. */
  readonly givenUp: Promise<unknown>;
  isOpen = true;

  constructor(
    private readonly near: Socket,
    private readonly far: Socket,
    isLast: (chunk: Buffer) => boolean,
  ) {
    for (const socket of [near, far]) socket.on('error', () => undefined);
    this.givenUp = new Promise<void>((resolve) => {
      const end = () => {
        this.isOpen = false;
        resolve();
      };
      near.once('end', end).once('close', end);
    });
    const terminate = new Transform({
      transform: (chunk: Buffer, _encoding, pass) => {
        if (!isLast(chunk)) {
          pass(null, chunk);
          return;
        }
        near.end(Buffer.concat([chunk, TERMINATED]));
        far.destroy();
      },
    });
    near.pipe(far).pipe(terminate).pipe(near);
  }

  lose(): void {
    this.near.unpipe().resume();
    this.far.unpipe().resume();
  }

  destroy(): void {
    this.near.destroy();
    this.far.destroy();
  }
}
