import { parse } from 'node:querystring';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { ProblemFilter } from './http/problem.filter.js';

/** What the server and the tests have in common: prefix, parsing, errors, Swagger UI. */
export function configureApp(app: NestExpressApplication, version: string): void {
  // Repeated parameters become arrays, nothing else becomes an object, and none of them is left out.
  app.set('query parser', (query: string) => parse(query, '&', '=', { maxKeys: 0 }));
  app.disable('x-powered-by');
  app.disable('etag');
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
