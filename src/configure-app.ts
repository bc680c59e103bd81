import { parse } from 'node:querystring';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { type Env } from './config/env.js';
import { JSON_MEDIA_TYPE } from './http/json-body.js';
import { ProblemFilter } from './http/problem.filter.js';

/** What the server and the tests have in common: prefix, parsing, errors, Swagger UI. */
export function configureApp(app: NestExpressApplication, env: Env, version: string): void {
  // Repeated parameters become arrays, nothing else becomes an object, and none of them is left out.
  app.set('query parser', (query: string) => parse(query, '&', '=', { maxKeys: 0 }));
  app.disable('x-powered-by');
  app.disable('etag');
  // Bytes: JSON.parse would make JavaScript's numbers of all that reviewers and pipelines send.
  app.useBodyParser('raw', { type: JSON_MEDIA_TYPE, limit: env.GROUND_TRUTH_MAX_BODY_MB * 1024 * 1024 });
  app.setGlobalPrefix('api/v1');
  app.useGlobalFilters(new ProblemFilter());
  SwaggerModule.setup('docs', app, () => buildDocument(app, version), {
    jsonDocumentUrl: 'openapi.json',
    customSiteTitle: 'Ground Truth',
    swaggerOptions: { tryItOutEnabled: true, displayRequestDuration: true },
  });
}

export function buildDocument(app: NestExpressApplication, version: string): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Ground Truth')
    .setDescription('Turns human corrections of machine-read documents into training data.')
    .setVersion(version)
    .build();
  return SwaggerModule.createDocument(app, config);
}
