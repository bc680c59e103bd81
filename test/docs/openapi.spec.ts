import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';

const read = (name: string): string => readFileSync(path.resolve(__dirname, '../..', name), 'utf8');

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Record<string, Schema>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
}

interface Media {
  readonly schema: Schema;
  readonly example?: unknown;
  readonly examples?: Record<string, { readonly value: unknown }>;
}

interface Operation {
  readonly operationId: string;
  readonly requestBody?: { readonly content: Record<string, Media> };
  readonly responses: Record<string, { readonly content?: Record<string, Media> }>;
}

interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, Schema> };
}

const document = JSON.parse(read('docs/openapi.json')) as Document;
const { schemas } = document.components;

/** Every body and answer: where it is, its media type, and what is said of it. */
const contents = Object.values(document.paths)
  .flatMap((methods) => Object.values(methods))
  .flatMap(({ operationId, requestBody, responses }) =>
    Object.entries({ body: requestBody, ...responses }).flatMap(([place, described]) =>
      Object.entries(described?.content ?? {}).map(
        ([mediaType, media]) => [`${operationId} ${place}`, mediaType, media] as const,
      ),
    ),
  );

const refsIn = (value: unknown): string[] =>
  [...JSON.stringify(value).matchAll(/"\$ref":"([^"]*)"/g)].map(([, target]) => target!);

describe('docs/openapi.json', () => {
  it('has the schemas that it refers to, and no others', () => {
    const names = Object.keys(schemas).map((name) => `#/components/schemas/${name}`);
    expect([...new Set(refsIn(document))].sort()).toEqual(names.sort());
  });

  it('names every object, so that what is generated from it has good names', () => {
    // Any JSON has no type, and plain text is a string: neither needs a name.
    const isAnonymous = ({ $ref, type, oneOf, properties }: Schema) =>
      $ref === undefined && (type === 'object' || type === 'array' || oneOf !== undefined || !!properties);
    const bodies = contents.filter(([, , { schema }]) => isAnonymous(schema));
    const parts = Object.entries(schemas).flatMap(([name, { properties = {} }]) =>
      Object.entries(properties)
        .filter(([, part]) => isAnonymous(part.items ?? part))
        .map(([member]) => `${name}.${member}`),
    );
    expect([...bodies.map(([place]) => place), ...parts]).toEqual([]);
    expect(contents.length).toBeGreaterThan(80);
  });

  it('has examples that its schemas allow, and no member of them that is not described', () => {
    const validators = validatorsOf(schemas);
    const faults = contents.flatMap(([place, mediaType, { schema, example, examples }]) =>
      [example, ...Object.values(examples ?? {}).map(({ value }) => value)]
        .filter((value) => value !== undefined && schema.$ref !== undefined)
        .flatMap((value) => (mediaType === 'application/x-ndjson' ? linesIn(value) : [value]))
        .filter((value) => !validators(schema.$ref!)(value))
        .map((value) => ({ place, value, errors: validators(schema.$ref!).errors })),
    );
    expect(faults).toEqual([]);
  });

  it('describes the members of a sample as docs/ground-truth-sample.schema.json does', () => {
    const { properties, required, $defs } = JSON.parse(
      read('docs/ground-truth-sample.schema.json'),
    ) as Schema & {
      $defs: { correction: Schema };
    };
    const membersOf = (schema: Schema) => [Object.keys(schema.properties ?? {}), schema.required];
    expect(membersOf(schemas.Sample!)).toEqual(membersOf({ properties: properties!, required: required! }));
    expect(membersOf(schemas.SampleCorrection!)).toEqual(membersOf($defs.correction));
  });
});

const linesIn = (text: unknown): unknown[] =>
  String(text)
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);

function validatorsOf(named: Record<string, Schema>): (reference: string) => ValidateFunction {
  const ajv = new Ajv({
    strict: true,
    allErrors: true,
    formats: { 'date-time': true, int64: true, uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/ },
  });
  // Closed, as the server's own answers and readers are.
  const closed = Object.fromEntries(
    Object.entries(named).map(([name, schema]) => [
      name,
      schema.type === 'object' ? { additionalProperties: false, ...schema } : schema,
    ]),
  );
  ajv.addVocabulary(['components']).addSchema({ $id: 'document', components: { schemas: closed } });
  return (reference) => ajv.getSchema(`document${reference}`)!;
}
