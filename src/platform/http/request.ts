import { type Express, type Request, type RequestHandler } from 'express';
import { randomUUID } from 'node:crypto';
import { type IncomingMessage, METHODS } from 'node:http';
import { holdsSecret } from '../access/key.js';

const HEADER = 'X-Request-Id';
/** Text that is safe to repeat in a header and in a log. */
const ACCEPTED = /^[\w.:/+=@-]{1,128}$/;

const ids = new WeakMap<IncomingMessage, string>();

/** Uses the request id of a proxy or client, or generates one, and sends it in the response. */
export const giveRequestId: RequestHandler = (request, response, next) => {
  const given = request.get(HEADER);
  const isFit = given !== undefined && ACCEPTED.test(given) && !holdsSecret(given);
  const id = isFit ? given : randomUUID();
  ids.set(request, id);
  response.setHeader(HEADER, id);
  next();
};

export function requestIdOf(request: IncomingMessage): string | undefined {
  return ids.get(request);
}

/** Missing in Express's types. */
interface Layer {
  readonly route?: { readonly path: string; readonly stack: readonly { readonly method: string }[] };
  match(path: string): boolean;
}

/** The pattern of the request's route, such as `/api/v1/jobs/:id`; undefined if there is none. */
export function routeOf(request: Request): string | undefined {
  return ownPath(request.route as Layer['route']);
}

/** The methods of all routes at the request's path. */
export function methodsAt(request: Request): string[] {
  const layers = (request.app as Express).router.stack as unknown as readonly Layer[];
  const path = pathOf(request.originalUrl);
  const methods = layers
    .filter((layer) => ownPath(layer.route) !== undefined && layer.match(path))
    .flatMap(({ route }) => route!.stack.map(({ method }) => method.toUpperCase()));
  if (methods.includes('GET')) methods.push('HEAD');
  return [...new Set(methods)].sort();
}

/** The path of a route, unless it is one of Nest's catch-all routes, which accept all methods. */
function ownPath(route: Layer['route']): string | undefined {
  const isOfNest = route?.path.includes('*') === true || (route?.stack.length ?? 0) >= METHODS.length - 1;
  return isOfNest ? undefined : route?.path;
}

/** A URL without query and fragment. */
export function pathOf(url: string): string {
  return url.replace(/[?#].*$/, '');
}
