import { type RequestHandler } from 'express';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { ProblemError } from './problem.js';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

/** Not of a name. */
export function isLoopbackAddress(address: string): boolean {
  return isIP(address) !== 0 && LOOPBACK.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** A name or an IPv4 address, or an IPv6 address in brackets; then the port, which does not count. */
const HOST = /^(?:\[([\da-f:.]+)\]|([\w.-]+?)\.?)(?::\d*)?$/i;

/** The name or the address in a `Host` header, without brackets; undefined if it is neither. */
function nameIn(host: string): string | undefined {
  const [, address, name] = HOST.exec(host) ?? [];
  return (address ?? name)?.toLowerCase();
}

/** Whether a name or an address means this machine, whatever DNS says (RFC 6761, section 6.3). */
function meansLoopback(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || isLoopbackAddress(name);
}

/**
 * Refuses requests to other names than those of this machine and `names`.
 *
 * A page of another site can have its own name resolve to 127.0.0.1 (DNS rebinding). For the browser, the server is then a part of
 * that site, which may read all answers. Only `Host` tells such requests from others. Browsers always send it.
 */
export function answerOnlyTo(names: readonly string[]): RequestHandler {
  const known = names.map((name) => nameIn(name) ?? name.toLowerCase());
  return (request, _response, next) => {
    const { host } = request.headers;
    if (host === undefined) {
      next();
      return;
    }
    const name = nameIn(host);
    if (name !== undefined && (meansLoopback(name) || known.includes(name))) next();
    else
      next(
        new ProblemError(
          'misdirected-request',
          `this server does not answer to the host ${JSON.stringify(host)}; use localhost, or add the name to GROUND_TRUTH_ALLOWED_HOSTS`,
        ),
      );
  };
}

/** They change nothing, and pages of other origins cannot read the answers. */
const HARMLESS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Refuses changes by pages of other origins than the server's own and `origins`. Browsers send such requests, without asking first,
 * if they look like those of a form; where no key is needed, they would succeed.
 */
export function refuseForeignOrigins(origins: readonly string[]): RequestHandler {
  return (request, _response, next) => {
    const { origin, host } = request.headers;
    if (HARMLESS.includes(request.method) || origin === undefined || origins.includes(origin)) next();
    // The scheme does not count: behind a proxy with TLS, only the browser knows it.
    else if (URL.canParse(origin) && new URL(origin).host === host?.toLowerCase()) next();
    else
      next(
        new ProblemError(
          'foreign-origin',
          `pages of the origin ${JSON.stringify(origin)} may change nothing here; add it to GROUND_TRUTH_CORS_ORIGINS`,
        ),
      );
  };
}
