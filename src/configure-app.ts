import { parse } from 'node:querystring';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { type Request } from 'express';
import helmet from 'helmet';
import { corpusSchemas } from './corpus/http/corpus.openapi.js';
import { groundTruthSchemas } from './ground-truth/http/ground-truth.openapi.js';
import { evaluationSchemas } from './measure/http/evaluations.openapi.js';
import { measureSchemas } from './measure/http/measure.openapi.js';
import { type Scope } from './platform/access/key.js';
import { type Env } from './platform/config/env.js';
import { BODY_LIMIT } from './platform/http/json.js';
import { problemSchemas } from './platform/http/problem.openapi.js';
import { giveRequestId } from './platform/http/request.js';
import { API_KEY } from './platform/http/access.guard.js';
import { breakOffSlowSenders, endAfterEarlyAnswers, oneByOne } from './platform/http/connections.js';
import { basePathOf, noteBasePath } from './platform/http/base-path.js';
import { answerOnlyTo, refuseForeignOrigins } from './platform/http/hosts.js';
import { cutOffSlowReaders } from './platform/http/slow-readers.js';
import { swaggerPlugin } from './platform/http/swagger-plugin.js';
import { operationsSchemas } from './platform/operations/operations.openapi.js';
import { RequestLog } from './platform/operations/request-log.js';
import { WORKBENCH_ROUTES } from './workbench/workbench.controller.js';

/** Response headers that a page of another origin may read. */
const EXPOSED_HEADERS = ['Content-Disposition', 'ETag', 'Location', 'Retry-After', 'X-Request-Id'];

/** Who may reach the server. */
export interface Reach {
  /** The names that the server answers to, apart from those of this machine; undefined: any. */
  readonly hosts?: readonly string[] | undefined;
  readonly needsNoKey: boolean;
}

/** Sets up middleware, routes and Swagger UI, for the server and for tests. */
export function configureApp(app: NestExpressApplication, env: Env, version: string, reach: Reach): void {
  // Only repeated parameters become arrays. `a[b]=1` stays a plain name, and no parameter is dropped (maxKeys: 0).
  app.set('query parser', (query: string) => parse(query, '&', '=', { maxKeys: 0 }));
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(
    oneByOne,
    giveRequestId,
    app.get(RequestLog).note,
    breakOffSlowSenders,
    cutOffSlowReaders(env.GROUND_TRUTH_EXPORT_STALL_SECONDS),
    endAfterEarlyAnswers,
    protectiveHeaders(),
    noteBasePath(env),
  );
  const { GROUND_TRUTH_CORS_ORIGINS: origins } = env;
  if (reach.hosts) app.use(answerOnlyTo(reach.hosts));
  if (reach.needsNoKey) app.use(refuseForeignOrigins(origins ?? []));
  if (origins) app.enableCors({ origin: [...origins], exposedHeaders: EXPOSED_HEADERS, maxAge: 3_600 });
  app.set(BODY_LIMIT, env.maxBodyBytes);
  prefixRoutes(app);
  SwaggerModule.setup('docs', app, () => buildDocument(app, version), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    patchDocumentOnRequest: (request, _, document) => locate(document, basePathOf(request as Request)),
    customSiteTitle: 'Ground Truth',
    // No persistAuthorization: it would keep the key in local storage, where the next user of the browser could read it.
    swaggerOptions: { tryItOutEnabled: true, displayRequestDuration: true, plugins: [swaggerPlugin] },
  });
}

/** Names the server in the document, so that what is tried out in Swagger UI reaches it through its proxy. */
function locate(document: OpenAPIObject, basePath: string): OpenAPIObject {
  return basePath === '' ? document : { ...document, servers: [{ url: basePath }] };
}

/** Health checks and metrics keep their usual paths, and the workbench is at the root; all other routes get a prefix. */
export function prefixRoutes(app: NestExpressApplication): void {
  app.setGlobalPrefix('api/v1', { exclude: ['healthz', 'readyz', 'metrics', ...WORKBENCH_ROUTES] });
}

function protectiveHeaders() {
  return helmet({
    contentSecurityPolicy: {
      directives: {
        // A proxy that terminates TLS sets this one and the next header. Here they would break Swagger UI over plain HTTP.
        'upgrade-insecure-requests': null,
        // Swagger UI shows an image that it was answered with from a blob.
        'img-src': ["'self'", 'data:', 'blob:'],
      },
    },
    strictTransportSecurity: false,
  });
}

export function buildDocument(app: NestExpressApplication, version: string): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Ground Truth')
    .setDescription(
      'Turns human corrections of machine-read documents into training data. If the server requires API keys, each operation names the scope that the key needs (also in `x-scope`). The scope `admin` includes all others.',
    )
    .setVersion(version)
    .addTag('ground truth', 'the training corpus and its statistics')
    .addTag('measures', 'what pipelines and models get wrong, and whether there are enough samples')
    .addTag('jobs', 'creating, listing and reading jobs')
    .addTag('review', 'corrections and approvals')
    .addTag('sources', 'what the documents look like')
    .addTag('operations', 'health and metrics')
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'gt_…',
        description:
          'A key created by `ground-truth api-key create`, without the word Bearer. A server that listens on a loopback address requires no key unless GROUND_TRUTH_AUTH=required.',
      },
      API_KEY,
    )
    .build();
  const document = SwaggerModule.createDocument(app, config, { operationIdFactory: nameOperation });
  nameScopes(document);
  const schemas = {
    ...groundTruthSchemas,
    ...evaluationSchemas,
    ...measureSchemas,
    ...corpusSchemas,
    ...operationsSchemas,
    ...problemSchemas,
  };
  document.components = { ...document.components, schemas };
  return document;
}

/** `jobsCreate` rather than Nest's `JobsController_create`: in links to operations, Swagger UI reads an underscore as a space. */
function nameOperation(controller: string, method: string): string {
  const name = controller.replace(/Controller$/, '') + method.charAt(0).toUpperCase() + method.slice(1);
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** Adds the scope to each description, because Swagger UI does not show `x-scope`. */
function nameScopes({ paths }: OpenAPIObject): void {
  for (const operation of Object.values(paths).flatMap((item) => Object.values(item) as Operation[])) {
    const { 'x-scope': scope, description } = operation;
    if (scope === undefined) continue;
    const names = [scope].flat().map((name) => `\`${name}\``);
    operation.description = [description, `Required scope: ${names.join(' or ')}.`]
      .filter(Boolean)
      .join('\n\n');
  }
}

interface Operation {
  'x-scope'?: Scope | readonly Scope[];
  description?: string;
}
