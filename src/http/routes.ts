import { METHODS } from 'node:http';
import { type Express, type Request } from 'express';

/** What Express's types leave out. */
interface Layer {
  readonly route?: { readonly path: string; readonly stack: readonly { readonly method: string }[] };
  match(path: string): boolean;
}

/** The pattern of the route that took the request, such as `/api/v1/jobs/:id`; undefined where none did. */
export function routeOf(request: Request): string | undefined {
  return ownPath(request.route as Layer['route']);
}

/** Which methods the routes at the request's path have; none where there is no route. */
export function methodsAt(request: Request): string[] {
  const layers = (request.app as Express).router.stack as unknown as readonly Layer[];
  const path = pathOf(request.originalUrl);
  const methods = layers
    .filter((layer) => ownPath(layer.route) !== undefined && layer.match(path))
    .flatMap(({ route }) => route!.stack.map(({ method }) => method.toUpperCase()));
  if (methods.includes('GET')) methods.push('HEAD');
  return [...new Set(methods)].sort();
}

/** Nest catches what is below its prefix, and what is beside it, with routes of its own for all methods. */
function ownPath(route: Layer['route']): string | undefined {
  const isOfNest = route?.path.includes('*') === true || (route?.stack.length ?? 0) >= METHODS.length - 1;
  return isOfNest ? undefined : route?.path;
}

/** An address without what is asked for there. */
export function pathOf(url: string): string {
  return url.replace(/[?#].*$/, '');
}
