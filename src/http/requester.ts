import { type IncomingMessage } from 'node:http';

/** Who makes a request, by the key that came with it. */
export interface Requester {
  /** Of the key. */
  readonly id: string;
  /** What whoever made the key called it. */
  readonly name: string;
}

const requesters = new WeakMap<IncomingMessage, Requester>();

export function setRequester(request: IncomingMessage, requester: Requester): void {
  requesters.set(request, requester);
}

/** Undefined where no key was needed. */
export function requesterOf(request: IncomingMessage): Requester | undefined {
  return requesters.get(request);
}
