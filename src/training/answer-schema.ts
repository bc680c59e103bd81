import { compact, JSON_NULL, readElements, readMembers } from '../json-text/index.js';

/** The part of a JSON Schema that says which members there are, and in which order. */
interface SchemaNode {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode | boolean;
  readonly prefixItems?: readonly SchemaNode[];
  readonly allOf?: readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
}

/** A JSON Schema that cannot be used. The message says why. */
export class UnusableSchemaError extends Error {}

/** Where an answer does not fit, and which keyword of the schema says so. No values. */
export interface Misfit {
  readonly path: string;
  readonly keyword: string;
}

/** A JSON Schema of answers. */
export class AnswerSchema {
  private constructor(
    /** Compact JSON text, for the prompt. */
    readonly text: string,
    private readonly root: SchemaNode,
    private readonly validate: (value: unknown) => Misfit | undefined,
  ) {}

  /**
   * Reads a schema of draft 2020-12, or of the draft that its `$schema` names: 2019-09, 07 or 06. It may refer to its own parts only.
   *
   * @throws UnusableSchemaError
   */
  static async read(bytes: Buffer): Promise<AnswerSchema> {
    let text: string;
    try {
      text = compact(bytes).toString();
    } catch (error) {
      throw new UnusableSchemaError(`is not JSON: ${(error as Error).message}`);
    }
    const root: unknown = JSON.parse(text);
    if (typeof root !== 'object' || root === null || Array.isArray(root))
      throw new UnusableSchemaError('is not a JSON object');
    return new AnswerSchema(text, root, await validatorOf(root));
  }

  /**
   * Where an answer does not fit the schema; undefined if it fits. Numbers are compared as doubles, as validators of JSON Schema do.
   *
   * @param answer compact JSON text
   */
  misfit(answer: Buffer): Misfit | undefined {
    return this.validate(JSON.parse(answer.toString()));
  }

  /**
   * Writes an answer with the members of each object in the order of the schema, and null for those that are missing. Members that the
   * schema does not name follow in their own order. Every other value is copied as it is.
   *
   * @param answer compact JSON text
   */
  inOrder(answer: Buffer): Buffer {
    const pieces: Buffer[] = [];
    this.write(answer, this.root, pieces);
    return Buffer.concat(pieces);
  }

  private write(value: Buffer, schema: SchemaNode | undefined, out: Buffer[]): void {
    const node = schema && this.shapeFor(value, schema);
    const elements = node && readElements(value);
    if (elements) {
      this.writeArray(elements, node, out);
      return;
    }
    const properties = node?.properties;
    const members = properties && readMembers(value);
    if (!members) {
      out.push(value);
      return;
    }
    const before = out.length;
    const writeMember = (written: string, member: Buffer, of: SchemaNode | undefined): void => {
      out.push(Buffer.from(`${out.length === before ? '{' : ','}${written}:`));
      this.write(member, of, out);
    };
    for (const name of Object.keys(properties)) {
      const own = members.filter(({ key }) => key === name);
      for (const { written, value: member } of own) writeMember(written, member, properties[name]);
      if (own.length === 0) writeMember(JSON.stringify(name), JSON_NULL, undefined);
    }
    for (const { key, written, value: member } of members)
      if (!Object.hasOwn(properties, key)) writeMember(written, member, undefined);
    out.push(Buffer.from(out.length === before ? '{}' : '}'));
  }

  private writeArray(
    elements: readonly Buffer[],
    { items, prefixItems = [] }: SchemaNode,
    out: Buffer[],
  ): void {
    out.push(Buffer.from('['));
    for (const [index, element] of elements.entries()) {
      if (index > 0) out.push(Buffer.from(','));
      this.write(element, prefixItems[index] ?? (typeof items === 'object' ? items : undefined), out);
    }
    out.push(Buffer.from(']'));
  }

  /** The subschema that describes an object's members or an array's elements: behind references, and the first of alternatives. */
  private shapeFor(value: Buffer, schema: SchemaNode, followed = 0): SchemaNode | undefined {
    const describes = value[0] === OPEN_OBJECT ? schema.properties : (schema.items ?? schema.prefixItems);
    if (describes !== undefined) return schema;
    const next = [
      ...(schema.$ref === undefined ? [] : [this.partAt(schema.$ref)]),
      ...(schema.allOf ?? []),
      ...(schema.anyOf ?? []),
      ...(schema.oneOf ?? []),
    ];
    // A schema may refer to itself without describing anything.
    if (followed > MOST_FOLLOWED) return undefined;
    for (const part of next) {
      const found = part && this.shapeFor(value, part, followed + 1);
      if (found) return found;
    }
    return undefined;
  }

  /** @param reference such as `#/$defs/person` */
  private partAt(reference: string): SchemaNode | undefined {
    if (!reference.startsWith('#')) return undefined;
    let at: unknown = this.root;
    for (const token of decodeURIComponent(reference.slice(1)).split('/').slice(1)) {
      const name = token.replaceAll('~1', '/').replaceAll('~0', '~');
      at = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined;
    }
    return typeof at === 'object' && at !== null ? at : undefined;
  }
}

const OPEN_OBJECT = 0x7b;
const MOST_FOLLOWED = 32;

async function validatorOf(schema: object): Promise<(value: unknown) => Misfit | undefined> {
  const { $schema } = schema as { $schema?: unknown };
  const named = typeof $schema === 'string' ? $schema : '';
  // Loaded only here, because a command starts in the time it takes to load its modules.
  const options = { strict: false, strictNumbers: false, validateFormats: false, logger: false } as const;
  try {
    const ajv = /draft-0[67]/.test(named)
      ? new (await import('ajv')).Ajv(options)
      : named.includes('2019-09')
        ? new (await import('ajv/dist/2019.js')).Ajv2019(options)
        : new (await import('ajv/dist/2020.js')).Ajv2020(options);
    const validate = ajv.compile(schema);
    return (value) => {
      if (validate(value)) return undefined;
      const [error] = validate.errors ?? [];
      return { path: error?.instancePath ?? '', keyword: error?.keyword ?? '' };
    };
  } catch (error) {
    throw new UnusableSchemaError(`cannot be used: ${(error as Error).message}`);
  }
}
