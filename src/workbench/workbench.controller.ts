import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isAbsent } from '../platform/files/system-error.js';
import { OpenToAll } from '../platform/http/access.guard.js';
import { basePathOf } from '../platform/http/base-path.js';
import { ProblemError } from '../platform/http/problem.js';
import { packageFile } from '../platform/package-file.js';

/** What `npm run build` makes of `web/`. */
const BUILD = fileURLToPath(packageFile('dist/web'));

/** The addresses of pages; web/src/pages.ts has the same. What is below `api/v1` stays the API's, whatever it is. */
const PAGES = ['', 'samples', 'samples/:id', 'review', 'review/:id', 'account'];
const FILES = ['icon.svg', 'licenses.md', 'licenses-fonts.txt'];
export const WORKBENCH_ROUTES = [...PAGES, ...FILES, 'assets/:name'];

/**
 * Nothing but the files of the build and the API of the same server. Images, which need the key, are shown from blobs; so are
 * the pages of a document by its worker.
 */
const POLICY = [
  `default-src 'none'`,
  `script-src 'self'`,
  `style-src 'self'`,
  `font-src 'self'`,
  `img-src 'self' blob:`,
  `connect-src 'self'`,
  `worker-src 'self'`,
  `base-uri 'self'`,
  `form-action 'none'`,
  `frame-ancestors 'none'`,
].join('; ');

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

/** Their names have a digest of their content. */
const IMMUTABLE = 'public, max-age=31536000, immutable';
const CHECKED = 'no-cache';

/** Serves the workbench, which holds no data: it asks the API for everything, with the key of whoever uses it. */
@ApiExcludeController()
@OpenToAll()
@Controller()
export class WorkbenchController {
  @Get(PAGES)
  async page(@Req() request: Request, @Res() response: Response): Promise<void> {
    const page = await readFile(path.join(BUILD, 'index.html'), 'utf8').catch((error: unknown) => {
      throw asProblem(error as Error);
    });
    response
      .setHeader('Content-Security-Policy', POLICY)
      .setHeader('Cache-Control', CHECKED)
      .setHeader('Content-Type', 'text/html; charset=utf-8')
      // A base path has no character that would need an escape here: see `toBasePath`.
      .send(page.replace('<base href="/" />', `<base href="${basePathOf(request)}/" />`));
  }

  @Get(FILES)
  file(@Req() request: Request, @Res() response: Response): Promise<void> {
    return send(request, response, path.basename(request.path), CHECKED);
  }

  @Get('assets/:name')
  asset(@Param('name') name: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    return send(request, response, `assets/${name}`, IMMUTABLE);
  }
}

/** Sends a file of the build, or its compressed copy, which the build has made. */
async function send(request: Request, response: Response, name: string, caching: string): Promise<void> {
  const type = TYPES[path.extname(name)];
  if (type === undefined) throw unknownFile();
  response.setHeader('Cache-Control', caching).setHeader('Content-Type', type);
  const isCompressed = /^assets\/.*\.(?:js|mjs|css)$/.test(name);
  if (isCompressed) response.vary('Accept-Encoding');
  const takesGzip = isCompressed && request.acceptsEncodings('gzip') === 'gzip';
  if (takesGzip) response.setHeader('Content-Encoding', 'gzip');
  await new Promise<void>((resolve, reject) => {
    response.sendFile(
      takesGzip ? `${name}.gz` : name,
      { root: BUILD, cacheControl: false, acceptRanges: false },
      (error?: Error) => {
        // What has begun cannot be taken back; the client sees that it is not whole.
        if (!error || response.headersSent) resolve();
        else {
          for (const header of ['Cache-Control', 'Content-Type', 'Content-Encoding', 'Vary'])
            response.removeHeader(header);
          reject(asProblem(error));
        }
      },
    );
  });
}

function asProblem(error: Error): Error {
  return isAbsent(error) || (error as { status?: number }).status === 404 ? unknownFile() : error;
}

function unknownFile(): ProblemError {
  return new ProblemError('not-found', 'the workbench has no such file; see /docs for the API');
}
