import { isUtf8 } from 'node:buffer';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { BadInputError } from '../../src/corpus/import/bad-input.js';
import {
  add,
  compact,
  equal,
  JsonDocument,
  JsonTextError,
  parsePointer,
  PATH_MISSING,
  readElements,
  readMembers,
  remove,
  replace,
  resolvePointer,
} from '../../src/json-text/index.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';
import { exportSamples, exportText, importText } from '../setup/corpus.js';
import { describeReal } from './real-data.js';

/** What JavaScript makes of the same bytes; its parser knows no limit that these texts reach. */
function javaScriptAccepts(bytes: Buffer): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    return true;
  } catch {
    return false;
  }
}

function accepts(bytes: Buffer): boolean {
  try {
    compact(bytes);
    return true;
  } catch (error) {
    if (error instanceof JsonTextError) return false;
    throw error;
  }
}

describeReal('JSONTestSuite', (folder) => {
  const suite = path.join(folder, 'vectors/JSONTestSuite/test_parsing');
  const texts = readdirSync(suite).map((name) => ({ name, bytes: readFileSync(path.join(suite, name)) }));
  const startingWith = (prefix: string) => texts.filter(({ name }) => name.startsWith(prefix));
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());
  beforeEach(() => database.clear());

  /** A pipeline's line; a line break in the text is white space and does not matter. */
  const line = (bytes: Buffer) =>
    Buffer.concat([
      Buffer.from('{"filename":"a","source_kind":"b","result":'),
      Buffer.from(bytes.map((byte) => (byte === 0x0a ? 0x20 : byte))),
      Buffer.from('}'),
    ]);

  it('is all there', () => {
    expect(startingWith('y_')).toHaveLength(95);
    expect(startingWith('n_')).toHaveLength(188);
    expect(startingWith('i_')).toHaveLength(35);
  });

  it('every y_ text is accepted and comes back', async () => {
    for (const { name, bytes } of startingWith('y_')) {
      const text = compact(bytes);
      await importText(database.dataSource, line(bytes));
      const exported = await exportText(database.dataSource);
      expect([
        name,
        exported.includes(`"initial_result":${text.toString()},"final_result":${text.toString()},`),
      ]).toEqual([name, true]);
      expect((await exportSamples(database.dataSource))[0]).toMatchObject({
        final_result: JSON.parse(bytes.toString()) as unknown,
      });
      await database.clear();
    }
  });

  it('every n_ text is refused', async () => {
    const refused = startingWith('n_');
    expect(refused.filter(({ bytes }) => accepts(bytes))).toEqual([]);
    // Within a line, a raw line break would end it; what comes of that is another test's matter.
    for (const { bytes } of refused.filter((text) => !text.bytes.includes('\n'))) {
      await expect(importText(database.dataSource, line(bytes))).rejects.toThrow(BadInputError);
    }
    expect(await exportText(database.dataSource)).toBe('');
  });

  it('no i_ text does harm', async () => {
    for (const { name, bytes } of startingWith('i_')) {
      const outcome = await importText(database.dataSource, line(bytes)).then(
        () => 'accepted',
        (error: unknown) => (error instanceof BadInputError ? 'refused' : error),
      );
      expect([name, outcome]).toEqual([name, javaScriptAccepts(bytes) ? 'accepted' : 'refused']);
    }
  });

  it('values survive as they are written', async () => {
    const transform = path.join(folder, 'vectors/JSONTestSuite/test_transform');
    const texts = readdirSync(transform).map((name) => readFileSync(path.join(transform, name)));
    const inUtf8 = texts.filter((bytes) => isUtf8(bytes));
    expect([texts.length, inUtf8.length]).toEqual([22, 19]);
    for (const bytes of inUtf8) {
      await importText(database.dataSource, line(bytes));
      expect(await exportText(database.dataSource)).toContain(
        `"initial_result":${compact(bytes).toString()},`,
      );
      await database.clear();
    }
  });
});

describeReal('json-patch-tests', (folder) => {
  interface Case {
    readonly comment: string;
    readonly doc: Buffer;
    readonly patch: { readonly op: string; readonly path: string; readonly value: Buffer | undefined }[];
    readonly expected: Buffer | undefined;
  }

  const member = (object: Buffer, name: string) =>
    readMembers(object)?.find(({ key }) => key === name)?.value;
  const string = (value: Buffer | undefined) =>
    value?.[0] === 0x22 ? (JSON.parse(value.toString()) as string) : '';

  const cases = ['spec_tests.json', 'tests.json']
    .flatMap(
      (name) =>
        readElements(compact(readFileSync(path.join(folder, 'vectors/json-patch-tests', name)))) ?? [],
    )
    .filter((object) => member(object, 'doc') && member(object, 'disabled')?.toString() !== 'true')
    .map((object): Case => ({
      comment: string(member(object, 'comment')),
      doc: member(object, 'doc')!,
      patch: (readElements(member(object, 'patch')!) ?? []).map((edit) => ({
        op: string(member(edit, 'op')),
        path: member(edit, 'path')?.[0] === 0x22 ? string(member(edit, 'path')) : '\0',
        value: member(edit, 'value'),
      })),
      expected: member(object, 'expected'),
    }))
    .filter(
      ({ patch }) => patch.length > 0 && patch.every(({ op }) => ['add', 'remove', 'replace'].includes(op)),
    );

  function run({ doc, patch }: Case): Buffer | undefined {
    const document = new JsonDocument(doc);
    for (const { op, path: pointer, value } of patch) {
      let target;
      try {
        target = resolvePointer(document, parsePointer(pointer));
      } catch {
        return undefined;
      }
      if (op !== 'remove' && value === undefined) return undefined;
      const edited =
        op === 'add'
          ? add(document, target, value!)
          : op === 'remove'
            ? remove(document, target)
            : replace(document, target, value!);
      if (edited === PATH_MISSING) return undefined;
    }
    return document.toText();
  }

  it('covers the cases of the three operations', () => {
    expect(cases.length).toBeGreaterThan(55);
    expect(cases.filter(({ expected }) => expected === undefined).length).toBeGreaterThan(10);
  });

  it('every add, remove and replace gives its document, or fails', () => {
    for (const test of cases) {
      const result = run(test);
      const asExpected =
        test.expected === undefined
          ? result === undefined
          : result !== undefined && equal(result, test.expected);
      expect([test.comment, test.doc.toString(), test.patch, asExpected]).toEqual([
        test.comment,
        test.doc.toString(),
        test.patch,
        true,
      ]);
    }
  });
});
