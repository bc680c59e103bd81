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
  const path = request.originalUrl.replace(/[?#].*$/, '');
  const methods = layers
    .filter((layer) => ownPath(layer.route) !== undefined && layer.match(path))
    .flatMap(({ route }) => route!.stack.map(({ method }) => method.toUpperCase()));
  if (methods.includes('GET')) methods.push('HEAD');
  return [...new Set(methods)].sort();
}

/** Nest catches what is below its prefix with a route of its own. */
function ownPath(route: Layer['route']): string | undefined {
  return route?.path.includes('*') === true ? undefined : route?.path;
}
